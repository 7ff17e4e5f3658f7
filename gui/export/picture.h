// A view's page as the bytes of a file.
#pragma once

#include <QByteArray>
#include <QImage>
#include <QSizeF>
#include <string_view>
#include <vector>

#include "gui/views/view.h"

namespace headroom::gui {

struct PictureOptions {
  QSizeF size{1600, 1000};  // in logical pixels; a table that needs more height gets it
  double scale = 1;         // of a bitmap: device pixels for each
  bool dark = false;
};

inline constexpr double kLeastSize = 100, kMostSize = 16384, kMostScale = 8;

enum class ExportFormat { png, svg, pdf, csv };

struct ExportFormatRow {
  ExportFormat format;
  std::string_view name;  // also the file's ending
  QString title;
};
const std::vector<ExportFormatRow>& export_formats();
ExportFormat export_format_named(std::string_view name);  // throws bad_input, which lists those there are
std::string_view name_of(ExportFormat format);

QSizeF page_of(View& view, const PictureOptions& options);

// Throws Error where the picture does not fit into memory.
QImage picture_of_page(View& view, const PictureOptions& options);

// The same bytes each time, with the same fonts and the same Qt. Throws Error.
QByteArray export_bytes(View& view, const QString& title, ExportFormat format, const PictureOptions& options);

}  // namespace headroom::gui
