// The last lines that a process wrote: however much it writes, no more than so many lines and bytes are kept.
#pragma once

#include <QByteArray>
#include <QString>
#include <cstdint>
#include <deque>

namespace headroom::gui {

class RunLog {
 public:
  static constexpr std::size_t kMostLines = 10'000;
  static constexpr qsizetype kMostBytes = 1 << 20;
  static constexpr qsizetype kLongestLine = 4096;

  void add(QByteArray line) {
    line.truncate(kLongestLine);
    bytes_ += line.size();
    lines_.push_back(std::move(line));
    while (lines_.size() > kMostLines || bytes_ > kMostBytes) {
      bytes_ -= lines_.front().size();
      lines_.pop_front();
      ++dropped_;
    }
  }

  const std::deque<QByteArray>& lines() const { return lines_; }
  std::int64_t dropped() const { return dropped_; }  // lines that were written before these
  std::int64_t written() const { return dropped_ + static_cast<std::int64_t>(lines_.size()); }

  QString text() const {
    QByteArray all;
    for (const QByteArray& line : lines_) all += line + '\n';
    return QString::fromUtf8(all);
  }

 private:
  std::deque<QByteArray> lines_;
  qsizetype bytes_ = 0;
  std::int64_t dropped_ = 0;
};

}  // namespace headroom::gui
