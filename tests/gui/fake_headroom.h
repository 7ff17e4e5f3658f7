// A program that stands for `headroom`: it does as it is told, at once or never. HEADROOM_PROGRAM names it while this
// lives; caches and kept recordings are those of the test alone.
#pragma once

#include <QString>
#include <QStringList>
#include <cstdint>
#include <string>

#include "recording/recording.h"
#include "tests/temporary_folder.h"

namespace headroom::gui {

class FakeHeadroom {
 public:
  FakeHeadroom();
  ~FakeHeadroom();

  // well: tells how far it is, and leaves a recording, of a run out of memory where batch x seq is beyond room().
  // hang: says nothing more. stubborn: the same, deaf to SIGTERM, with a child. flood: 4 MB on stderr and stdout first.
  // crash: dies of a signal. refuse: exit code 2 and a message on --batch. empty: ends well without a recording.
  // deluge: lines without end on stderr. torrent: one line without end on stdout. killed: by SIGKILL, without a word.
  // foreign: says that it is another program when it is asked for its version.
  void act(const std::string& action);
  void become(const std::string& version);  // the file is replaced, as an installation does
  void set_room(std::int64_t tokens);

  QString program() const { return QString::fromStdString((folder_ / "headroom").string()); }
  QStringList calls() const;            // the arguments of each, in order
  std::vector<long> processes() const;  // that hang or are stubborn, and their children
  bool all_gone() const;                // within a few seconds

 private:
  testing_support::TemporaryFolder folder_;
};

RunSpec bert_run(std::int64_t batch = 8);

// On a virtual GPU that has 1 MiB: what the fake's runs leave.
Recording virtual_recording();
Recording oom_recording();

}  // namespace headroom::gui
