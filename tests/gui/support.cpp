#include "tests/gui/support.h"

#include <QElapsedTimer>
#include <QSet>
#include <QTest>

#include "tests/recording_text.h"

namespace headroom::gui {
namespace {

// At the peak, after `logits`: weights 8192 + 4096, optimizer 8192, gradient 4096, hidden 16384 (or 4096), scores
// 12288, logits 20480.
std::string text_of(const std::string& hidden) {
  return R"(
parameter block.0.attn.weight block.0/attn [2048] float32
parameter block.1.ffn.weight block.1/ffn [1024] float32
segment +1048576@large
t=10 +8192@w0 block.0/attn aten::empty parameter "[2048] float32"
t=20 +4096@w1 block.1/ffn aten::empty parameter "[1024] float32"
== forward 1
t=100 +512@tokens - - input "[8] int64"
t=110 +)" +
         hidden +
         R"(@hidden block.0/attn aten::mm activation? "[64, 64] float32"
t=120 +12288@scores block.0/attn aten::softmax activation? "[48, 64] float32"
t=130 +2048@scratch block.1/ffn aten::add temporary? "[512] float32"
t=140 -@scratch
t=150 +20480@logits block.1/ffn aten::mm activation? "[80, 64] float32"
== backward 1
t=200 +4096@g1 block.1/ffn aten::mm gradient "[1024] float32"
t=210 -@logits
t=220 -@scores
t=230 +8192@g0 block.0/attn aten::mm gradient "[2048] float32"
t=240 -@hidden
== optimizer 1
t=300 +8192@m0 block.0/attn aten::zeros optimizer_state "[2048] float32"
t=310 +4096@m1 block.1/ffn aten::zeros optimizer_state "[1024] float32"
t=320 -@tokens
)";
}

}  // namespace

Recording small_recording() { return testing_support::recording_from_text(text_of("16384")); }
Recording other_recording() { return testing_support::recording_from_text(text_of("4096")); }

RunHandle run_of(Recording recording, const std::string& label) {
  return make_run(std::move(recording), "/nowhere/" + label + ".headroom");
}

bool wait_until(const std::function<bool()>& condition) { return QTest::qWaitFor(condition, 5000); }

QImage picture_of(View& view) {
  wait_until([&] { return view.is_settled(); });
  const QSizeF size = view.page_size(900);
  QImage image(QSize(900, std::max(1, static_cast<int>(size.height()))), QImage::Format_ARGB32_Premultiplied);
  image.fill(Qt::transparent);
  QPainter painter(&image);
  view.paint_page(painter, QRectF(QPointF(0, 0), image.size()));
  return image;
}

int colour_count(const QImage& image) {
  QSet<QRgb> colours;
  for (int y = 0; y < image.height(); ++y)
    for (int x = 0; x < image.width(); ++x) colours.insert(image.pixel(x, y));
  return static_cast<int>(colours.size());
}

}  // namespace headroom::gui
