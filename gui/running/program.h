// Where the program `headroom` is, which runs models: the viewer itself links no Torch.
#pragma once

#include <QString>

namespace headroom::gui {

inline constexpr const char* kProgramSetting = "running/program";

struct FoundProgram {
  QString path;     // empty: there is none
  QString problem;  // then: why, and what would be right
};

// What HEADROOM_PROGRAM names, else the setting, else what lies beside the viewer, else what is in PATH.
FoundProgram find_program();

// Changes when the program does: what another one said is not to be trusted.
QString program_fingerprint(const QString& path);

}  // namespace headroom::gui
