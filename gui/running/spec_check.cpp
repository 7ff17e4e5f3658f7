#include "gui/running/spec_check.h"

#include <array>
#include <functional>

#include "base/bytes.h"
#include "base/error.h"
#include "models/catalog/attention.h"
#include "models/catalog/compression.h"
#include "models/catalog/experts.h"
#include "virtual_gpu/catalog.h"

namespace headroom::gui {
namespace {

std::optional<SpecProblem> refused(const std::string& field, const std::function<void()>& check) {
  try {
    check();
    return {};
  } catch (const Error& error) {
    return SpecProblem{field, error.what()};
  }
}

// A message of validate() opens with the flag it speaks of: "--batch is 0, expected …", "--batch x --seq is …".
std::string flag_at_start(const std::string& message) {
  return message.starts_with("--") ? message.substr(0, message.find_first_of(" ,")) : "";
}

void require_device(const RunSpec& spec) {
  if (!spec.device.starts_with("virtual:")) return;
  const virtual_gpu::DeviceModel& device = virtual_gpu::device_model(spec.device);
  if (spec.virtual_options.reserve_bytes >= device.total_bytes)
    throw bad_input("--reserve is " + format_bytes(spec.virtual_options.reserve_bytes) + ", expected less than the " +
                    format_bytes(device.total_bytes) + " of " + spec.device);
}

void require_loss_chunk(const models::ModelConfig& model, const RunSpec& spec) {
  if (spec.loss_chunk > 0 && model.head != models::Head::mlm && model.head != models::Head::lm)
    throw bad_input("--loss-chunk is of a vocabulary's logits, and " + model.name + " has none");
}

}  // namespace

models::ModelConfig model_of(const RunSpec& spec) {
  models::ModelConfig model = models::load_model(spec.model);
  if (!spec.positions.empty()) models::set_positions(model, spec.positions);
  return spec.capacity_factor ? models::with_capacity_factor(std::move(model), *spec.capacity_factor) : model;
}

std::optional<SpecProblem> check_spec(const RunSpec& spec) {
  if (auto problem = refused("", [&] { validate(spec); })) {
    problem->field = spec.model.empty() ? "MODEL" : flag_at_start(problem->message);
    return problem;
  }
  models::ModelConfig model;
  if (auto problem = refused("MODEL", [&] { model = models::load_model(spec.model); })) return problem;
  const std::array<std::pair<const char*, std::function<void()>>, 7> checks{{
      {"--positions",
       [&] {
         if (!spec.positions.empty()) models::set_positions(model, spec.positions);
       }},
      {"--capacity-factor",
       [&] {
         if (spec.capacity_factor) model = models::with_capacity_factor(model, *spec.capacity_factor);
       }},
      {"--seq", [&] { models::validate_shape(model, spec.batch, spec.seq); }},
      {"--sdpa",
       [&] {
         if (spec.sdpa == Sdpa::flash) models::require_flash(model);
       }},
      {"--loss-chunk", [&] { require_loss_chunk(model, spec); }},
      {"--compress", [&] { models::with_compression(model, spec.compression, spec.mode == Mode::train); }},
      {"--reserve", [&] { require_device(spec); }},
  }};
  for (const auto& [field, check] : checks)
    if (auto problem = refused(field, check)) return problem;
  return {};
}

std::string mechanism_problem(const RunSpec& spec, const std::string& mechanism) {
  const auto problem = refused("--attention", [&] {
    models::ModelConfig model = models::load_model(spec.model);
    model = models::with_attention_and_positions(std::move(model), mechanism, spec.positions);
    model = models::with_compression(std::move(model), spec.compression, spec.mode == Mode::train);
    if (spec.padding) models::require_padding(model, spec.sdpa == Sdpa::flash);
    models::validate_shape(model, spec.batch, spec.seq);
  });
  return problem ? problem->message : "";
}

std::string field_named_in(const std::string& message, const std::vector<std::string>& fields) {
  std::string first;
  std::size_t where = std::string::npos;
  for (const std::string& field : fields) {
    const std::size_t at = message.find(field);
    const std::size_t end = at + field.size();
    // "--seq" is not in "--sequence".
    const bool whole =
        at != std::string::npos &&
        (end == message.size() || (std::isalpha(static_cast<unsigned char>(message[end])) == 0 && message[end] != '-'));
    if (whole && at < where) {
      where = at;
      first = field;
    }
  }
  return first;
}

}  // namespace headroom::gui
