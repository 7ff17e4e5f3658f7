// A picture as plain shapes, so that SVG, PDF and PNG show the same. Lengths are in pixels of CSS (96 an inch), y runs
// downwards.
#pragma once

#include <string>
#include <vector>

#include "reports/palette.h"

namespace headroom {

struct Point {
  double x = 0, y = 0;
};

enum class Anchor : std::uint8_t { start, middle, end };

struct Shape {
  enum class Kind : std::uint8_t { area, line, text };
  Kind kind = Kind::area;
  std::vector<Point> points;  // of an area its corners, of a line its ends and bends, of a text where its base line is
  Rgb color = 0;
  double width = 1;  // of a line
  bool dashed = false;
  std::string text;
  double size = 12;  // of the letters
  bool bold = false;
  Anchor anchor = Anchor::start;
};

struct Picture {
  double width = 0, height = 0;
  std::string title;          // what it shows, for those who do not see it
  std::vector<Shape> shapes;  // on white; later ones lie above

  void area(std::vector<Point> corners, Rgb color);
  void box(double x, double y, double box_width, double box_height, Rgb color);
  void line(std::vector<Point> points, Rgb color, double line_width = 1, bool dashed = false);
  void outline(double x, double y, double box_width, double box_height, Rgb color, bool dashed);

  struct Letters {
    double size = 12;
    bool bold = false;
    Anchor anchor = Anchor::start;
    Rgb color = kLightPalette.ink;
  };
  void write(Point at, const std::string& text, const Letters& letters);
};

// One self-contained file: no script, no font and no request leaves it; texts stay texts.
std::string write_svg(const Picture& picture);

}  // namespace headroom
