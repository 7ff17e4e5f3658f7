// Two made-up runs that differ: activations of two alike layers grew, a mask came and a workspace went.
#pragma once

#include "reports/diff_report.h"
#include "tests/recording_text.h"

namespace headroom::synthetic {

inline Recording diff_recording(bool second) {
  std::string text = R"(
parameter w layer.0 [32,32] float32
+4096@w layer.0 aten::empty parameter "[32, 32] float32"
== forward 1
)";
  const char* activation = second ? "16384" : "8192";
  const char* shape = second ? "[8, 8, 64] float32" : "[8, 4, 64] float32";
  for (const char* layer : {"layer.0", "layer.1"})
    text += std::string("+") + activation + "@" + layer + " " + layer + " aten::bmm activation \"" + shape + "\"\n";
  text += second ? "+512@m embeddings aten::ones input \"[512] uint8\"\n" : "+2048@s layer.0 cublas workspace\n";
  Recording recording = testing_support::recording_from_text(text);
  for (std::size_t i = 1; i < recording.layers.size(); ++i) recording.layers[i].kind = LayerKind::block;  // these fold
  recording.spec.model = "bert-base";
  recording.spec.seq = second ? 128 : 64;
  recording.environment.device_kind = DeviceKind::virtual_cuda;
  recording.environment.device_name = "NVIDIA H100 80GB HBM3";
  recording.environment.headroom_version = second ? "0.1.0" : "0.0.9";
  return recording;
}

inline DiffReport diff_of(const Recording& before, const Recording& after) {
  return make_diff_report(make_breakdown(before, "before"), "before.headroom", make_breakdown(after, "after"),
                          "after.headroom", true);
}

}  // namespace headroom::synthetic
