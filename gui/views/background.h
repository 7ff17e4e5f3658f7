// Work for another thread whose result is wanted here, unless something newer is wanted by then.
#pragma once

#include <QCoreApplication>
#include <QMetaObject>
#include <QThreadPool>
#include <atomic>
#include <memory>
#include <utility>

namespace headroom::gui {

// Lives and is used in the thread of the user interface. The result of all but the newest start() is dropped.
class Background {
 public:
  Background() = default;
  ~Background() { cancel(); }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  bool is_busy() const { return busy_; }
  void cancel() {
    if (cancelled_) *cancelled_ = true;
    busy_ = false;
  }

  // work(const std::atomic<bool>& cancelled) in a thread, then done(its result) here. What `work` refers to it must
  // own; it must not throw, and may end early once cancelled.
  template <class Work, class Done>
  void start(Work work, Done done) {
    cancel();
    busy_ = true;
    cancelled_ = std::make_shared<std::atomic<bool>>(false);
    QThreadPool::globalInstance()->start(
        [this, cancelled = cancelled_, work = std::move(work), done = std::move(done)]() mutable {
          if (*cancelled) return;
          auto result = std::make_shared<decltype(work(*cancelled))>(work(*cancelled));
          const auto arrive = [this, cancelled, result, done = std::move(done)]() mutable {
            if (*cancelled) return;  // `this` may be gone
            busy_ = false;
            done(std::move(*result));
          };
          if (QCoreApplication* application = QCoreApplication::instance())
            QMetaObject::invokeMethod(application, std::move(arrive), Qt::QueuedConnection);
        });
  }

 private:
  std::shared_ptr<std::atomic<bool>> cancelled_;
  bool busy_ = false;
};

}  // namespace headroom::gui
