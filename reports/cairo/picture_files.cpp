#include "reports/cairo/picture_files.h"

#include <cairo-pdf.h>
#include <cairo.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "base/error.h"
#include "reports/text.h"

#ifdef __SANITIZE_ADDRESS__
// What fontconfig and cairo keep for the next text is no leak of ours.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig.so\nleak:libcairo.so\n"; }
#endif

namespace headroom {
namespace {

constexpr double kPointsPerPixel = 0.75;  // 72 an inch, of 96
constexpr const char* kNoDate = "1970-01-01T00:00:00Z";
constexpr const char* kLibrary = "libcairo.so.2";

// The library is opened when a picture is asked for: the tool starts without it, and does without where it is missing.
class Cairo {
 private:
  void* library_ = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);

  template <class Function>
  Function symbol(const char* name) const {
    return library_ == nullptr ? nullptr : reinterpret_cast<Function>(dlsym(library_, name));
  }

 public:
  bool is_loaded() const { return library_ != nullptr; }

  decltype(&::cairo_close_path) close_path = symbol<decltype(&::cairo_close_path)>("cairo_close_path");
  decltype(&::cairo_create) create = symbol<decltype(&::cairo_create)>("cairo_create");
  decltype(&::cairo_destroy) destroy = symbol<decltype(&::cairo_destroy)>("cairo_destroy");
  decltype(&::cairo_fill) fill = symbol<decltype(&::cairo_fill)>("cairo_fill");
  decltype(&::cairo_image_surface_create) image_surface_create =
      symbol<decltype(&::cairo_image_surface_create)>("cairo_image_surface_create");
  decltype(&::cairo_line_to) line_to = symbol<decltype(&::cairo_line_to)>("cairo_line_to");
  decltype(&::cairo_move_to) move_to = symbol<decltype(&::cairo_move_to)>("cairo_move_to");
  decltype(&::cairo_new_path) new_path = symbol<decltype(&::cairo_new_path)>("cairo_new_path");
  decltype(&::cairo_paint) paint = symbol<decltype(&::cairo_paint)>("cairo_paint");
  decltype(&::cairo_pdf_surface_create_for_stream) pdf_surface_create_for_stream =
      symbol<decltype(&::cairo_pdf_surface_create_for_stream)>("cairo_pdf_surface_create_for_stream");
  decltype(&::cairo_pdf_surface_set_metadata) pdf_surface_set_metadata =
      symbol<decltype(&::cairo_pdf_surface_set_metadata)>("cairo_pdf_surface_set_metadata");
  decltype(&::cairo_scale) scale = symbol<decltype(&::cairo_scale)>("cairo_scale");
  decltype(&::cairo_select_font_face) select_font_face =
      symbol<decltype(&::cairo_select_font_face)>("cairo_select_font_face");
  decltype(&::cairo_set_dash) set_dash = symbol<decltype(&::cairo_set_dash)>("cairo_set_dash");
  decltype(&::cairo_set_font_size) set_font_size = symbol<decltype(&::cairo_set_font_size)>("cairo_set_font_size");
  decltype(&::cairo_set_line_width) set_line_width = symbol<decltype(&::cairo_set_line_width)>("cairo_set_line_width");
  decltype(&::cairo_set_source_rgb) set_source_rgb = symbol<decltype(&::cairo_set_source_rgb)>("cairo_set_source_rgb");
  decltype(&::cairo_show_text) show_text = symbol<decltype(&::cairo_show_text)>("cairo_show_text");
  decltype(&::cairo_status) status = symbol<decltype(&::cairo_status)>("cairo_status");
  decltype(&::cairo_status_to_string) status_to_string =
      symbol<decltype(&::cairo_status_to_string)>("cairo_status_to_string");
  decltype(&::cairo_stroke) stroke = symbol<decltype(&::cairo_stroke)>("cairo_stroke");
  decltype(&::cairo_surface_destroy) surface_destroy =
      symbol<decltype(&::cairo_surface_destroy)>("cairo_surface_destroy");
  decltype(&::cairo_surface_finish) surface_finish = symbol<decltype(&::cairo_surface_finish)>("cairo_surface_finish");
  decltype(&::cairo_surface_status) surface_status = symbol<decltype(&::cairo_surface_status)>("cairo_surface_status");
  decltype(&::cairo_surface_write_to_png_stream) surface_write_to_png_stream =
      symbol<decltype(&::cairo_surface_write_to_png_stream)>("cairo_surface_write_to_png_stream");
  decltype(&::cairo_text_extents) text_extents = symbol<decltype(&::cairo_text_extents)>("cairo_text_extents");
};

const Cairo& cairo() {
  static const Cairo loaded;
  return loaded;
}

struct Destroy {
  void operator()(cairo_surface_t* surface) const { cairo().surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo().destroy(context); }
};
using Surface = std::unique_ptr<cairo_surface_t, Destroy>;
using Context = std::unique_ptr<cairo_t, Destroy>;

void require_success(cairo_status_t status) {
  if (status != CAIRO_STATUS_SUCCESS)
    throw Error(ExitCode::could_not_measure,
                fmt::format("the picture cannot be drawn: {}", cairo().status_to_string(status)));
}

cairo_status_t append(void* out, const unsigned char* bytes, unsigned int count) {
  static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), count);
  return CAIRO_STATUS_SUCCESS;
}

void set_color(cairo_t* context, Rgb color) {
  cairo().set_source_rgb(context, (color >> 16 & 255) / 255.0, (color >> 8 & 255) / 255.0, (color & 255) / 255.0);
}

void trace(cairo_t* context, const Shape& shape) {
  cairo().new_path(context);
  for (const Point& p : shape.points) cairo().line_to(context, p.x, p.y);
}

void draw_text(cairo_t* context, const Shape& shape) {
  cairo().select_font_face(context, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           shape.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo().set_font_size(context, shape.size);
  cairo_text_extents_t extents;
  cairo().text_extents(context, shape.text.c_str(), &extents);
  const double share = shape.anchor == Anchor::start ? 0 : shape.anchor == Anchor::middle ? 0.5 : 1;
  cairo().move_to(context, shape.points.front().x - share * extents.x_advance, shape.points.front().y);
  cairo().show_text(context, shape.text.c_str());
}

void draw(cairo_t* context, const Shape& shape) {
  constexpr double kDashes[] = {5, 3};
  set_color(context, shape.color);
  switch (shape.kind) {
    case Shape::Kind::area:
      trace(context, shape);
      cairo().close_path(context);
      return cairo().fill(context);
    case Shape::Kind::line:
      trace(context, shape);
      cairo().set_line_width(context, shape.width);
      cairo().set_dash(context, kDashes, shape.dashed ? 2 : 0, 0);
      return cairo().stroke(context);
    case Shape::Kind::text:
      return draw_text(context, shape);
  }
}

void draw(const Surface& surface, const Picture& picture, double scale) {
  require_success(cairo().surface_status(surface.get()));
  const Context context(cairo().create(surface.get()));
  cairo().scale(context.get(), scale, scale);
  set_color(context.get(), 0xffffff);
  cairo().paint(context.get());
  for (const Shape& shape : picture.shapes) draw(context.get(), shape);
  require_success(cairo().status(context.get()));
}

}  // namespace

void require_picture_files() {
  if (!cairo().is_loaded())
    throw Error(ExitCode::could_not_measure,
                fmt::format("pictures as PDF and PNG need {} (Debian: libcairo2); SVG needs nothing", kLibrary));
}

std::string write_pdf(const Picture& picture) {
  require_picture_files();
  std::string out;
  const Surface surface(cairo().pdf_surface_create_for_stream(append, &out, picture.width * kPointsPerPixel,
                                                              picture.height * kPointsPerPixel));
  cairo().pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_TITLE, printable(picture.title).c_str());
  cairo().pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE, kNoDate);
  draw(surface, picture, kPointsPerPixel);
  cairo().surface_finish(surface.get());
  require_success(cairo().surface_status(surface.get()));
  return out;
}

std::string write_png(const Picture& picture) {
  require_picture_files();
  const Surface surface(cairo().image_surface_create(CAIRO_FORMAT_RGB24,
                                                     static_cast<int>(std::ceil(picture.width * kPngScale)),
                                                     static_cast<int>(std::ceil(picture.height * kPngScale))));
  draw(surface, picture, kPngScale);
  std::string out;
  require_success(cairo().surface_write_to_png_stream(surface.get(), append, &out));
  return out;
}

}  // namespace headroom
