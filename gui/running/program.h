// Where the program `headroom` is, which runs models: the viewer itself links no Torch.
#pragma once

#include <QString>

namespace headroom::gui {

inline constexpr const char* kProgramSetting = "running/program";

enum class ProgramSource { environment, setting, beside_viewer, search_path };

struct FoundProgram {
  QString path;     // empty: there is none
  QString problem;  // then: why, and what would be right
  ProgramSource source = ProgramSource::search_path;
};

// What HEADROOM_PROGRAM names, else the setting, else what lies beside the viewer, else what is in PATH.
FoundProgram find_program();

// "found beside the viewer"
QString title_of(ProgramSource source);

// Changes when the program or its worker does: what another one said is not to be trusted.
QString program_fingerprint(const QString& path);

}  // namespace headroom::gui
