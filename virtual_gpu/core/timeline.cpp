#include "virtual_gpu/core/timeline.h"

#include <algorithm>

#include "virtual_gpu/core/clock.h"
#include "virtual_gpu/core/configuration.h"

namespace headroom::virtual_gpu {
namespace {

bool delayed() { return configuration().delayed_events; }

void merge(std::vector<Moment>& seen, const Moment& moment) {
  for (Moment& known : seen)
    if (known.stream_id == moment.stream_id) {
      if (known.position < moment.position) known = moment;
      return;
    }
  std::erase_if(seen, moment_due);
  seen.push_back(moment);
}

}  // namespace

std::uint64_t advance(Stream& stream, std::uint64_t duration_ns) {
  if (duration_ns > 0) stream.ready_ns = std::max(stream.ready_ns.load(), now_ns()) + duration_ns;
  return stream.submitted.fetch_add(1, std::memory_order_relaxed) + 1;
}

Moment moment_on(const Stream& stream) { return {stream.id, stream.submitted, stream.ready_ns}; }

bool moment_due(const Moment& moment) {
  if (delayed())
    if (const Stream* stream = stream_by_id(moment.stream_id); stream != nullptr && stream->completed < moment.position)
      return false;
  return moment.ready_ns == 0 || now_ns() >= moment.ready_ns;
}

void wait_on(Stream& stream, const Moment& other, const std::vector<Moment>& seen) {
  if (stream.id == other.stream_id || moment_due(other)) return;
  const auto known = std::find_if(stream.seen.begin(), stream.seen.end(),
                                  [&](const Moment& moment) { return moment.stream_id == other.stream_id; });
  if (known != stream.seen.end() && known->position >= other.position) return;
  if (delayed()) stream.waits.push_back({advance(stream, 0), other});
  stream.ready_ns = std::max(stream.ready_ns.load(), other.ready_ns);
  merge(stream.seen, other);
  for (const Moment& moment : seen) merge(stream.seen, moment);
}

// Each stream is marked complete before what it waited for, so streams that waited for each other in turn end the walk.
void complete(Stream& stream, std::uint64_t position) {
  if (!delayed() || stream.completed >= position) return;
  stream.completed = position;
  while (!stream.waits.empty() && stream.waits.front().own_position <= position) {
    const Moment other = stream.waits.front().other;
    stream.waits.pop_front();
    if (Stream* source = stream_by_id(other.stream_id)) complete(*source, other.position);
  }
}

void host_wait(const Moment& moment) {
  {
    const std::lock_guard lock(timeline_mutex());
    if (Stream* stream = stream_by_id(moment.stream_id)) complete(*stream, moment.position);
  }
  skip_to_ns(moment.ready_ns);
}

}  // namespace headroom::virtual_gpu
