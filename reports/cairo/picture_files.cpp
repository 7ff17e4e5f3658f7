#include "reports/cairo/picture_files.h"

#include <cairo-pdf.h>
#include <cairo.h>
#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "base/error.h"
#include "reports/text.h"

namespace headroom {
namespace {

constexpr double kPointsPerPixel = 0.75;  // 72 an inch, of 96
constexpr const char* kNoDate = "1970-01-01T00:00:00Z";

struct Destroy {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Surface = std::unique_ptr<cairo_surface_t, Destroy>;
using Context = std::unique_ptr<cairo_t, Destroy>;

void require_success(cairo_status_t status) {
  if (status != CAIRO_STATUS_SUCCESS)
    throw Error(ExitCode::could_not_measure,
                fmt::format("the picture cannot be drawn: {}", cairo_status_to_string(status)));
}

cairo_status_t append(void* out, const unsigned char* bytes, unsigned int count) {
  static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), count);
  return CAIRO_STATUS_SUCCESS;
}

void set_color(cairo_t* context, Rgb color) {
  cairo_set_source_rgb(context, (color >> 16 & 255) / 255.0, (color >> 8 & 255) / 255.0, (color & 255) / 255.0);
}

void trace(cairo_t* context, const Shape& shape) {
  cairo_new_path(context);
  for (const Point& p : shape.points) cairo_line_to(context, p.x, p.y);
}

void draw_text(cairo_t* context, const Shape& shape) {
  cairo_select_font_face(context, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                         shape.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(context, shape.size);
  cairo_text_extents_t extents;
  cairo_text_extents(context, shape.text.c_str(), &extents);
  const double share = shape.anchor == Anchor::start ? 0 : shape.anchor == Anchor::middle ? 0.5 : 1;
  cairo_move_to(context, shape.points.front().x - share * extents.x_advance, shape.points.front().y);
  cairo_show_text(context, shape.text.c_str());
}

void draw(cairo_t* context, const Shape& shape) {
  constexpr double kDashes[] = {5, 3};
  set_color(context, shape.color);
  switch (shape.kind) {
    case Shape::Kind::area:
      trace(context, shape);
      cairo_close_path(context);
      return cairo_fill(context);
    case Shape::Kind::line:
      trace(context, shape);
      cairo_set_line_width(context, shape.width);
      cairo_set_dash(context, kDashes, shape.dashed ? 2 : 0, 0);
      return cairo_stroke(context);
    case Shape::Kind::text:
      return draw_text(context, shape);
  }
}

void draw(const Surface& surface, const Picture& picture, double scale) {
  require_success(cairo_surface_status(surface.get()));
  const Context context(cairo_create(surface.get()));
  cairo_scale(context.get(), scale, scale);
  set_color(context.get(), 0xffffff);
  cairo_paint(context.get());
  for (const Shape& shape : picture.shapes) draw(context.get(), shape);
  require_success(cairo_status(context.get()));
}

}  // namespace

std::string write_pdf(const Picture& picture) {
  std::string out;
  const Surface surface(cairo_pdf_surface_create_for_stream(append, &out, picture.width * kPointsPerPixel,
                                                            picture.height * kPointsPerPixel));
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_TITLE, printable(picture.title).c_str());
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE, kNoDate);
  draw(surface, picture, kPointsPerPixel);
  cairo_surface_finish(surface.get());
  require_success(cairo_surface_status(surface.get()));
  return out;
}

std::string write_png(const Picture& picture) {
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                                   static_cast<int>(std::ceil(picture.width * kPngScale)),
                                                   static_cast<int>(std::ceil(picture.height * kPngScale))));
  draw(surface, picture, kPngScale);
  std::string out;
  require_success(cairo_surface_write_to_png_stream(surface.get(), append, &out));
  return out;
}

}  // namespace headroom
