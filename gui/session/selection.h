// What the user looks at, in every view at once: a tensor, a layer, a category, an instant; and what is filtered out.
#pragma once

#include <QObject>
#include <QString>
#include <array>
#include <cstdint>
#include <optional>

#include "recording/recording.h"

namespace headroom::gui {

// Of the current run; ids and indices are of its Breakdown.
struct Chosen {
  std::optional<std::int64_t> allocation;  // index into Breakdown::allocations
  std::optional<LayerId> layer;            // with the layers below it
  std::optional<Category> category;
  std::optional<std::int64_t> event;  // the instant after it; absent: the peak

  bool operator==(const Chosen&) const = default;
};

// What tables show and maps do not dim.
struct Filter {
  QString text;  // in a tensor's, layer's, operator's or source line's text, whatever the case of letters
  std::array<bool, kCategoryCount> categories = all_categories();
  std::optional<LayerId> layer;  // with the layers below it
  std::int64_t least_bytes = 0;  // of a block

  static constexpr std::array<bool, kCategoryCount> all_categories() {
    std::array<bool, kCategoryCount> all{};
    all.fill(true);
    return all;
  }
  bool shows_everything() const { return *this == Filter(); }
  bool operator==(const Filter&) const = default;
};

class Selection : public QObject {
  Q_OBJECT

 public:
  using QObject::QObject;

  const Chosen& chosen() const { return chosen_; }
  const Filter& filter() const { return filter_; }

  void choose(const Chosen& chosen);
  void choose_allocation(std::int64_t allocation);  // keeps the instant
  void choose_layer(LayerId layer);
  void choose_category(Category category);
  void choose_event(std::optional<std::int64_t> event);  // keeps what else is chosen
  void clear() { choose({}); }
  void set_filter(const Filter& filter);

 Q_SIGNALS:
  void changed();         // chosen()
  void filter_changed();  // filter()

 private:
  Chosen chosen_;
  Filter filter_;
};

}  // namespace headroom::gui
