// headroom-event-diff LEFT.headroom RIGHT.headroom: one JSON document, how far two recordings are the same event by event.
// Exit code 0: equal to the byte; 1: different; 2: not two recordings.
#include "analysis/event_diff.h"

#include <cstdio>
#include <exception>

#include "base/error.h"
#include "recording/file.h"

using namespace headroom;

namespace {

Json to_json(const std::optional<EventView>& event) {
  if (!event) return nullptr;
  return {{"event", event->index},
          {"action", to_name(kActionNames, event->action)},
          {"requested_bytes", event->requested_bytes},
          {"block_bytes", event->block_bytes},
          {"layer", event->layer},
          {"operator", event->op},
          {"tensor", event->tensor},
          {"phase", to_name(kPhaseNames, event->phase)},
          {"step", event->step}};
}

Json to_json(const std::optional<EventDifference>& difference) {
  if (!difference) return nullptr;
  return {{"kind", to_name(kEventDifferenceNames, difference->kind)},
          {"left", to_json(difference->left)},
          {"right", to_json(difference->right)}};
}

Json to_json(const std::optional<AddressDifference>& difference) {
  if (!difference) return nullptr;
  const auto side = [](std::int64_t below, std::int64_t segment, std::int64_t offset) -> Json {
    return {{"segments_below", below}, {"segment", segment}, {"offset", offset}};
  };
  return {{"event", to_json(std::optional(difference->event))},
          {"left", side(difference->left_below, difference->left_segment, difference->left_offset)},
          {"right", side(difference->right_below, difference->right_segment, difference->right_offset)}};
}

Json to_json(const AllocatorStats& stats, std::size_t events) {
  return {{"events", events},
          {"peak_allocated_bytes", stats.peak_allocated_bytes},
          {"peak_requested_bytes", stats.peak_requested_bytes},
          {"peak_reserved_bytes", stats.peak_reserved_bytes}};
}

Json to_json(const EventDiff& diff) {
  return {{"equal", diff.equal()},
          {"equal_events", diff.equal_count},
          {"reordered_frees", diff.reordered_free_count},
          {"requests_equal", diff.requests_equal},
          {"left", to_json(diff.left_stats, diff.left_count)},
          {"right", to_json(diff.right_stats, diff.right_count)},
          {"first_difference", to_json(diff.bytes)},
          {"first_segment_order", to_json(diff.segment_order)},
          {"first_placement", to_json(diff.placement)},
          {"explanation", explanation(diff)}};
}

int run(int argc, char** argv) {
  if (argc != 3) throw bad_input("usage: headroom-event-diff LEFT.headroom RIGHT.headroom");
  const EventDiff diff = diff_events(read_recording(argv[1]), read_recording(argv[2]));
  std::printf("%s\n", to_json(diff).dump(2).c_str());
  return diff.equal() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "headroom-event-diff: %s\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "headroom-event-diff: %s\n", error.what());
    return static_cast<int>(ExitCode::bad_input);
  }
}
