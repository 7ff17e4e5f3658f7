// What maps and lists say of a block.
#pragma once

#include <QString>

#include "analysis/breakdown.h"

namespace headroom::gui {

// "[768, 768] float32"; of a block without a tensor its operator; else "scratch".
QString block_name(const Breakdown& run, const Allocation& block);

// "forward of step 1 – backward of step 1"; "build – end".
QString lifetime_text(const Breakdown& run, const Allocation& block);

// Name, category, layer, operator, line of the program, sizes, lifetime, address; rich text of a few lines.
QString block_tooltip(const Breakdown& run, const Allocation& block);

// The same in one plain line, for who cannot see it.
QString block_sentence(const Breakdown& run, const Allocation& block);

QString address_text(std::uint64_t address);  // "0x7f4500000000"

}  // namespace headroom::gui
