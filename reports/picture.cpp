#include "reports/picture.h"

#include <fmt/format.h>

#include <array>

#include "reports/markup.h"
#include "reports/text.h"

namespace headroom {
namespace {

// "12.5", "12": a tenth of a pixel is enough.
std::string number(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string path_of(const std::vector<Point>& points) {
  std::string out;
  for (const Point& p : points) {
    out += out.empty() ? "M" : "L";
    out += number(p.x) + " " + number(p.y);
  }
  return out;
}

std::string color_of(Rgb color) { return fmt::format("#{:06x}", color); }

std::string svg_of(const Shape& shape) {
  constexpr std::array kAnchors{"start", "middle", "end"};
  switch (shape.kind) {
    case Shape::Kind::area:
      return fmt::format("<path d=\"{}Z\" fill=\"{}\"/>\n", path_of(shape.points), color_of(shape.color));
    case Shape::Kind::line:
      return fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{}/>\n", path_of(shape.points),
                         color_of(shape.color), number(shape.width), shape.dashed ? " stroke-dasharray=\"5 3\"" : "");
    case Shape::Kind::text:
      break;
  }
  return fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"{}\"{} text-anchor=\"{}\" fill=\"{}\">{}</text>\n",
                     number(shape.points.front().x), number(shape.points.front().y), number(shape.size),
                     shape.bold ? " font-weight=\"700\"" : "", kAnchors[static_cast<std::size_t>(shape.anchor)],
                     color_of(shape.color), escaped_markup(shape.text));
}

}  // namespace

void Picture::area(std::vector<Point> corners, Rgb color) {
  shapes.push_back({.kind = Shape::Kind::area, .points = std::move(corners), .color = color});
}

void Picture::box(double x, double y, double box_width, double box_height, Rgb color) {
  area({{x, y}, {x + box_width, y}, {x + box_width, y + box_height}, {x, y + box_height}}, color);
}

void Picture::line(std::vector<Point> points, Rgb color, double line_width, bool dashed) {
  shapes.push_back(
      {.kind = Shape::Kind::line, .points = std::move(points), .color = color, .width = line_width, .dashed = dashed});
}

void Picture::outline(double x, double y, double box_width, double box_height, Rgb color, bool dashed) {
  const Point corner{x, y};
  line({corner, {x + box_width, y}, {x + box_width, y + box_height}, {x, y + box_height}, corner}, color, 1.2, dashed);
}

void Picture::write(Point at, const std::string& text, const Letters& letters) {
  shapes.push_back({.kind = Shape::Kind::text,
                    .points = {at},
                    .color = letters.color,
                    .text = printable(text),
                    .size = letters.size,
                    .bold = letters.bold,
                    .anchor = letters.anchor});
}

std::string write_svg(const Picture& picture) {
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\" "
      "font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\">\n"
      "<title>{2}</title>\n<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n",
      number(picture.width), number(picture.height), escaped_markup(printable(picture.title)));
  for (const Shape& shape : picture.shapes) out += svg_of(shape);
  return out + "</svg>\n";
}

}  // namespace headroom
