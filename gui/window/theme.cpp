#include "gui/window/theme.h"

#include <QApplication>
#include <QDBusConnection>
#include <QDBusInterface>
#include <QDBusReply>
#include <QDBusVariant>
#include <QPainter>
#include <QPalette>
#include <QProxyStyle>
#include <QStyleFactory>
#include <QStyleOption>
#include <QToolTip>
#include <algorithm>
#include <cmath>
#include <utility>

#include "gui/window/theme_for_thread.h"
#include "reports/palette.h"

namespace headroom::gui {
namespace {

Theme current = make_theme(false);
thread_local const Theme* of_thread = nullptr;

double channel(double value) { return value <= 0.03928 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4); }

// WCAG 2.1, relative luminance.
double luminance(const QColor& c) {
  return 0.2126 * channel(c.redF()) + 0.7152 * channel(c.greenF()) + 0.0722 * channel(c.blueF());
}

QPalette palette_of(const Theme& t) {
  QPalette palette;
  const auto set = [&](QPalette::ColorRole role, const QColor& color) { palette.setColor(role, color); };
  set(QPalette::Window, t.ground);
  set(QPalette::WindowText, t.ink);
  set(QPalette::Base, t.panel);
  set(QPalette::AlternateBase, t.band);
  set(QPalette::Text, t.ink);
  set(QPalette::Button, t.band);
  set(QPalette::ButtonText, t.ink);
  set(QPalette::BrightText, t.bad);
  set(QPalette::Highlight, t.accent);
  set(QPalette::HighlightedText, t.accent_ink);
  set(QPalette::Link, t.accent);
  set(QPalette::LinkVisited, t.accent);
  set(QPalette::ToolTipBase, t.ink);
  set(QPalette::ToolTipText, t.ground);
  set(QPalette::PlaceholderText, t.soft);
  set(QPalette::Light, t.panel);
  set(QPalette::Midlight, t.grid);
  set(QPalette::Mid, t.line);
  set(QPalette::Dark, t.line);
  set(QPalette::Shadow, t.line);
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
    palette.setColor(QPalette::Disabled, role,
                     QColor::fromRgbF((t.soft.redF() + t.panel.redF()) / 2, (t.soft.greenF() + t.panel.greenF()) / 2,
                                      (t.soft.blueF() + t.panel.blueF()) / 2));
  return palette;
}

// Fusion outlines boxes and fields in a shade of their ground, which on a dark one is not seen.
class OutlinedStyle : public QProxyStyle {
 public:
  OutlinedStyle() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {}

  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override {
    QProxyStyle::drawPrimitive(element, option, painter, widget);
    const bool is_box = element == PE_IndicatorCheckBox || element == PE_IndicatorItemViewItemCheck;
    const bool is_field = element == PE_FrameLineEdit && !(option->state & State_HasFocus);
    if (!current.dark || !(is_box || is_field)) return;
    painter->save();
    QColor colour = option->state & State_Enabled ? current.soft : current.line;
    if (is_field) colour.setAlphaF(0.6F);
    painter->setPen(colour);
    painter->setBrush(Qt::NoBrush);
    painter->drawRect(option->rect.adjusted(0, 0, -1, -1));
    painter->restore();
  }
};

QString style_sheet(const Theme& t) {
  return QStringLiteral(
             "QToolTip { background: %1; color: %2; border: 1px solid %1; padding: 4px 8px; }"
             "QHeaderView::section { background: %3; color: %4; border: 0; border-bottom: 1px solid %5; padding: 4px "
             "8px; }"
             "QTableView, QTreeView, QListView { border: 1px solid %5; border-radius: 6px; gridline-color: %6; }"
             "QTableView:focus, QTreeView:focus, QListView:focus { border-color: %9; }"
             "QTextBrowser { border: 1px solid transparent; }"
             "QTextBrowser:focus { border-color: %9; }"
             "QSplitter::handle { background: %5; }"
             "QFrame#banner { border-radius: 6px; }"
             "QFrame#banner[kind=\"trouble\"] { background: %7; border-left: 5px solid %8; }"
             "QFrame#banner[kind=\"work\"] { background: %3; }"
             "QLabel#section { font-weight: 600; }"
             "QDialog#palette { border: 1px solid %5; }"
             "QPushButton[start=\"true\"] { text-align: left; padding: 8px 12px; }"
             "QAbstractItemView[calm=\"true\"]::item { padding: 5px 6px; border-left: 3px solid transparent; color: "
             "%1; }"
             "QAbstractItemView[calm=\"true\"]::item:disabled { color: %4; }"
             "QAbstractItemView[calm=\"true\"]::item:hover { background: %6; }"
             "QAbstractItemView[calm=\"true\"]::item:selected { background: %3; border-left: 3px solid %9; }"
             "QTreeView[calm=\"true\"]::item, QTreeView[calm=\"true\"]::item:selected { border-left: 0; }")
      .arg(t.ink.name(), t.ground.name(), t.band.name(), t.soft.name(), t.line.name(), t.grid.name(),
           t.bad_ground.name(), t.bad.name(), t.accent.name());
}

}  // namespace

QColor Theme::ink_on(const QColor& ground) {
  return contrast(Qt::black, ground) > contrast(Qt::white, ground) ? QColor(Qt::black) : QColor(Qt::white);
}

QColor Theme::numbered(std::size_t n) const {
  const double golden = 0.618033988749895;  // each hue falls into the largest gap of those before
  const double hue = std::fmod(0.56 + golden * static_cast<double>(n), 1.0);
  return QColor::fromHslF(static_cast<float>(hue), 0.5F, dark ? 0.58F : (n % 2 == 0 ? 0.45F : 0.6F));
}

Theme make_theme(bool dark) {
  const Palette& p = dark ? kDarkPalette : kLightPalette;
  Theme t{dark,     p.ground,     p.panel, p.band, p.ink,        p.soft,         p.line,          p.grid,
          p.accent, p.accent_ink, p.good,  p.bad,  p.bad_ground, p.virtual_word, p.measured_word, {}};
  for (std::size_t i = 0; i < kCategoryCount; ++i) t.categories[i] = QColor(p.categories[i]);
  return t;
}

const Theme& theme() { return of_thread == nullptr ? current : *of_thread; }

double contrast(const QColor& ink, const QColor& ground) {
  const double one = luminance(ink) + 0.05, other = luminance(ground) + 0.05;
  return std::max(one, other) / std::min(one, other);
}

ThemeForPicture::ThemeForPicture(bool dark) : before_(std::exchange(current, make_theme(dark))) {}
ThemeForPicture::~ThemeForPicture() { current = before_; }

ThemeForThread::ThemeForThread(Theme theme) : theme_(std::move(theme)) { of_thread = &theme_; }
ThemeForThread::~ThemeForThread() { of_thread = nullptr; }

// What the platform gave before there was a palette of ours.
static bool native_is_dark() {
  static const bool dark = QPalette().color(QPalette::Window).lightness() < 128;
  return dark;
}

void set_theme(QApplication& application, ThemeChoice choice) {
  native_is_dark();
  current = make_theme(choice == ThemeChoice::dark || (choice == ThemeChoice::system && system_is_dark()));
  application.setStyle(new OutlinedStyle);
  application.setPalette(palette_of(current));
  QToolTip::setPalette(palette_of(current));
  application.setStyleSheet(style_sheet(current));
}

// org.freedesktop.appearance color-scheme: 1 is dark, 2 is light, 0 is no preference.
bool system_is_dark() {
  if (QDBusConnection::sessionBus().isConnected()) {
    QDBusInterface settings(QStringLiteral("org.freedesktop.portal.Desktop"),
                            QStringLiteral("/org/freedesktop/portal/desktop"),
                            QStringLiteral("org.freedesktop.portal.Settings"));
    settings.setTimeout(300);
    const QDBusReply<QDBusVariant> reply = settings.call(
        QStringLiteral("Read"), QStringLiteral("org.freedesktop.appearance"), QStringLiteral("color-scheme"));
    if (reply.isValid()) {
      const QVariant inner = reply.value().variant();
      const uint scheme =
          inner.canConvert<QDBusVariant>() ? inner.value<QDBusVariant>().variant().toUInt() : inner.toUInt();
      if (scheme == 1 || scheme == 2) return scheme == 1;
    }
  }
  return native_is_dark();
}

}  // namespace headroom::gui
