#include "tests/gui/fake_headroom.h"

#include <signal.h>

#include <QDir>
#include <QStandardPaths>
#include <fstream>
#include <sstream>

#include "gui/running/run_queue.h"
#include "gui/running/run_result.h"
#include "recording/file.h"
#include "tests/gui/support.h"

namespace headroom::gui {
namespace {

constexpr const char* kScript = R"sh(#!/bin/sh
folder=$(dirname "$0")
if [ "$1" = --version ]; then
  case $(cat "$folder/action") in
    hang) exec sleep 600 ;;
    deluge) exec yes ;;
    foreign) echo 'GNU something 1.0'; exit 0 ;;
  esac
  echo "headroom $(cat "$folder/version")"
  exit 0
fi
echo "$*" >> "$folder/calls"
out= batch=1 seq=1
while [ $# -gt 0 ]; do
  case $1 in
    --out) out=$2; shift ;;
    --batch) batch=$2; shift ;;
    --seq) seq=$2; shift ;;
  esac
  shift
done
case $(cat "$folder/action") in
  hang)
    echo $$ >> "$folder/processes"
    exec sleep 600 ;;
  stubborn)
    trap '' TERM
    echo $$ >> "$folder/processes"
    sh -c 'trap "" TERM; sleep 600 & echo $! >> "$0"; while :; do sleep 1; done' "$folder/processes" &
    echo $! >> "$folder/processes"
    while :; do sleep 1; done ;;
  flood)
    yes 'a line of a flood that goes on and on' | head -c 4000000 >&2
    head -c 200000 /dev/zero | tr '\0' x ;;
  deluge)
    echo $$ >> "$folder/processes"
    exec yes 'there is no end to it' >&2 ;;
  torrent)
    echo $$ >> "$folder/processes"
    exec tr '\0' x < /dev/zero ;;
  killed)
    kill -KILL $$ ;;
  crash)
    echo 'a last word' >&2
    kill -SEGV $$ ;;
  refuse)
    echo 'headroom: --batch is 7, which nobody wants; expected 8' >&2
    exit 2 ;;
  empty)
    exit 0 ;;
esac
echo '{"run":"r","phase":"forward","step":1,"steps":2,"allocated_bytes":4096,"done":0,"runs":1}' >&2
echo 'a message' >&2
if [ $((batch * seq)) -gt "$(cat "$folder/room")" ]; then
  cp "$folder/oom.headroom" "$out/r.headroom"
  echo 'headroom: out of memory' >&2
  exit 3
fi
cp "$folder/ok.headroom" "$out/r.headroom"
)sh";

void write(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

bool is_alive(long process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  const std::string status{std::istreambuf_iterator<char>(file), {}};
  const auto name_end = status.rfind(')');
  return name_end != std::string::npos && status.substr(name_end, 3) != ") Z";
}

}  // namespace

RunSpec bert_run(std::int64_t batch) {
  RunSpec spec;
  spec.model = "bert-base";
  spec.batch = batch;
  return spec;
}

Recording virtual_recording() {
  Recording recording = small_recording();
  recording.environment.device_kind = DeviceKind::virtual_cuda;
  recording.environment.device_name = "Stand-in GPU";
  recording.environment.device_total_bytes = std::int64_t{1} << 21;
  recording.spec.model = "bert-base";
  recording.spec.device = "virtual:h100-80gb";
  return recording;
}

Recording oom_recording() {
  Recording recording = virtual_recording();
  recording.outcome.kind = OutcomeKind::oom;
  recording.outcome.failed_request_bytes = 3 << 20;
  recording.outcome.free_bytes = 1 << 20;
  recording.outcome.phase = "forward";
  recording.outcome.layer = "block.0/attn";
  return recording;
}

FakeHeadroom::FakeHeadroom() {
  const auto program = folder_ / "headroom";
  write_recording(folder_ / "ok.headroom", virtual_recording());
  write_recording(folder_ / "oom.headroom", oom_recording());
  act("well");
  become("0.1.0");
  set_room(1 << 30);
  qputenv("HEADROOM_PROGRAM", QByteArray::fromStdString(program.string()));
  QDir(RunQueue::folder()).removeRecursively();
}

FakeHeadroom::~FakeHeadroom() {
  qunsetenv("HEADROOM_PROGRAM");
  for (const long process : processes()) ::kill(static_cast<pid_t>(process), SIGKILL);
  QDir(RunQueue::folder()).removeRecursively();
  ResultCache().clear();
}

void FakeHeadroom::act(const std::string& action) { write(folder_ / "action", action); }
void FakeHeadroom::set_room(std::int64_t tokens) { write(folder_ / "room", std::to_string(tokens)); }

void FakeHeadroom::become(const std::string& version) {
  write(folder_ / "version", version);
  const auto fresh = folder_ / "fresh", program = folder_ / "headroom";
  write(fresh, kScript + ("# " + version + "\n"));
  std::filesystem::permissions(fresh, std::filesystem::perms::owner_all);
  std::filesystem::rename(fresh, program);
}

QStringList FakeHeadroom::calls() const {
  QStringList calls;
  for (const std::string& line : lines_of(folder_ / "calls")) calls.append(QString::fromStdString(line));
  return calls;
}

std::vector<long> FakeHeadroom::processes() const {
  std::vector<long> processes;
  for (const std::string& line : lines_of(folder_ / "processes")) processes.push_back(std::stol(line));
  return processes;
}

bool FakeHeadroom::all_gone() const {
  return wait_until([this] {
    for (const long process : processes())
      if (is_alive(process)) return false;
    return true;
  });
}

}  // namespace headroom::gui
