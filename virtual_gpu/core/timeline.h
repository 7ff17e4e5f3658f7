// What streams and events are to the core: positions in the order of work, and the moment at which work is done.
//
// Every item that reaches a stream (work, a recorded event, a wait) takes its next position. In immediate mode an item
// is done when the clock has reached the stream's ready time; only kernels made to spin take time, so that is now. In
// delayed mode an item is done once a host wait has covered it too: `completed` then moves up to it, and so do the
// streams whose events it waited for (`waits`). `seen` lists what the stream is ordered after, for memory pools.
//
// All but the atomics is guarded by timeline_mutex(). Nothing that may call back runs under it.
#pragma once

#include <driver_types.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "virtual_gpu/core/handle_pool.h"
#include "virtual_gpu/core/work.h"

namespace headroom::virtual_gpu {

struct Capture;
struct Node;

struct Wait {
  std::uint64_t own_position = 0;
  Moment other;
};

struct Stream : Handled<0x5354524d> {
  std::uint64_t id = 0;
  int device = 0, priority = 0;
  unsigned flags = 0;  // cudaStreamNonBlocking or 0
  bool legacy = false, per_thread = false;
  std::atomic<std::uint64_t> submitted{0}, completed{0}, ready_ns{0};
  std::atomic<bool> special{false};             // captured, or ordered against the legacy stream: no fast path
  std::atomic<std::uint64_t> told_until_ns{0};  // by the wall clock; when the last kernel that took time ends
  std::deque<Wait> waits;
  std::vector<Moment> seen;
  cudaStreamAttrValue attributes[16] = {};

  Capture* capture = nullptr;
  std::vector<Node*> capture_tail;  // what the next captured item depends on

  bool blocking() const { return !legacy && (flags & cudaStreamNonBlocking) == 0; }
};

struct Event : Handled<0x45564e54> {
  std::uint32_t id = 0;
  int device = 0;
  unsigned flags = 0;
  bool recorded = false;
  Moment moment;
  std::vector<Moment> seen;

  std::uint64_t capture_id = 0;  // of the capture it was last recorded in; 0: recorded outside any
  std::vector<Node*> captured;
};

std::mutex& timeline_mutex();

// The stream behind a handle: the current device's for the null and per-thread ones; nullptr for a stale one.
Stream* find_stream(cudaStream_t handle);
Stream* stream_by_id(std::uint64_t id);  // under the lock; nullptr: destroyed, and all its work is done
HandlePool<Event>& event_pool();

// Under the lock.
Moment moment_on(const Stream& stream);
bool moment_due(const Moment& moment);
void wait_on(Stream& stream, const Moment& other, const std::vector<Moment>& seen);
void complete(Stream& stream, std::uint64_t position);  // delayed mode: a host wait reached this far
void order_against_legacy(Stream& stream);  // the implicit waits between the legacy stream and blocking ones
void update_special(Stream& stream);

// Takes the next position, and the time. Returns the position.
std::uint64_t advance(Stream& stream, std::uint64_t duration_ns);

// core/work.cpp: submit() for a stream that was looked up. `params` describe the node that a captured stream gets.
cudaError_t submit_to(Stream& stream, Work& work, const cudaGraphNodeParams* params);

// Records the event after all that the stream did, at its ready time or `at_ns` if that is later.
void record_now(Stream& stream, Event& event, std::uint64_t at_ns);

// Waits, on the host, for a moment: nothing sleeps, the clock moves.
void host_wait(const Moment& moment);

}  // namespace headroom::virtual_gpu
