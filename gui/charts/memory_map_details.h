// What a map of memory says besides its shapes: the segments of the allocator, what is free in them, and when its
// events were.
#pragma once

#include <QPainter>
#include <optional>

#include "gui/charts/memory_map_picture.h"

namespace headroom::gui {

// Ground for what no block covers: hatched, since it is reserved and free.
void paint_free(QPainter& painter, const QRectF& rect);

// Over the blocks, by address: where segments begin and end, with their sizes where there is room.
void paint_segment_bounds(QPainter& painter, const QRectF& plot, const MapScene& scene);

// The segment that holds an address after an event; null: none.
const SegmentSpan* segment_of(const MemoryMap& map, std::uint64_t address, std::int64_t event);
// Bytes that the segments have after an event.
std::int64_t reserved_after(const MemoryMap& map, std::int64_t event);
// "segment of 20.0 MiB (20,971,520 bytes) at 0x7f00", in markup.
QString segment_text(const SegmentSpan& segment);

// Whether the events of the run were timed.
bool has_times(const Recording& recording);
// Along the events, when they were: evenly spaced, each with the time of the event that it stands at.
void paint_time_axis(QPainter& painter, const QRectF& plot, const MapScene& scene);
// In a unit and with digits in which times `step_ns` apart are told apart: "32.70 ms".
QString time_tick_text(std::int64_t ns, std::int64_t step_ns);

}  // namespace headroom::gui
