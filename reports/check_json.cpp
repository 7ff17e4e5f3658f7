#include "base/json.h"
#include "reports/check.h"
#include "reports/check_words.h"
#include "reports/text.h"

namespace headroom {
namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(printable(text)); }

Json growth_json(const std::optional<Growth>& growth) {
  if (!growth) return nullptr;
  return {{growth->is_share ? "millionths" : "amount", growth->amount}};
}

Json exception_json(const JudgedLimit& judged) {
  if (!judged.limit.exception) return nullptr;
  return {{"state", to_name(kExceptionStateNames, judged.check.exception)},
          {"expires", judged.limit.exception->expires},
          {"reason", printable(judged.limit.exception->reason)}};
}

Json limit_json(const JudgedLimit& judged) {
  const Check& check = judged.check;
  return {{"limit", printable(key_of(judged.limit.metric))},
          {"line", judged.limit.line},
          {"status", to_name(kStatusNames, check.status)},
          {"unit", is_counted(judged.limit.metric) ? "parameters" : "bytes"},
          {"value", check.figure.value},
          {"allowed", check.allowed},
          {"level", check.level == Status::failed ? "fail" : "warn"},
          {"growth", growth_json(check.growth)},
          {"baseline", check.before ? Json(*check.before) : Json(nullptr)},
          {"layer", text_or_null(judged.layer)},
          {"reason", text_or_null(judged.limit.reason)},
          {"exception", exception_json(judged)},
          {"message", printable(check::sentence_of(judged))},
          {"paste", check.status == Status::within ? Json(nullptr) : text_or_null(check::paste_of(judged))}};
}

Json cell_json(const CellChange& cell) {
  return {{"layers", printable(cell.layers)},
          {"category", to_name(kCategoryNames, cell.category)},
          {"before_bytes", cell.bytes.before},
          {"bytes", cell.bytes.after}};
}

Json tensor_json(const PeakTensor& tensor) {
  return {{"tensor", printable(tensor.tensor)},
          {"bytes", tensor.bytes},
          {"category", to_name(kCategoryNames, tensor.category)},
          {"layer", printable(tensor.layer)},
          {"operator", text_or_null(tensor.op)}};
}

Json budget_json(const CheckedBudget& budget) {
  Json out{{"name", printable(budget.name)},
           {"line", budget.line},
           {"outcome", to_name(kRunEndNames, budget.end)},
           {"status", to_name(kStatusNames, budget.status())},
           {"message", text_or_null(budget.message)},
           {"command", text_or_null(budget.command)},
           {"device", text_or_null(budget.device)},
           {"peak_place", text_or_null(budget.peak_place)},
           {"limits", Json::array()},
           {"peak", nullptr},
           {"changes", Json::array()},
           {"tensors", Json::array()}};
  for (const JudgedLimit& judged : budget.limits) out["limits"].push_back(limit_json(judged));
  if (budget.peak) out["peak"] = {{"before_bytes", budget.peak->before}, {"bytes", budget.peak->after}};
  for (const CellChange& cell : budget.cells) out["changes"].push_back(cell_json(cell));
  for (const PeakTensor& tensor : budget.tensors) out["tensors"].push_back(tensor_json(tensor));
  return out;
}

}  // namespace

std::string write_check_json(const CheckReport& report) {
  const check::Counts counts = check::counts_of(report);
  Json out{{"schema", "headroom.check/1"},
           {"headroom_version", report.headroom_version},
           {"file", printable(report.file)},
           {"strict", report.strict},
           {"exit_code", static_cast<int>(exit_code_of(report))},
           {"counts",
            {{"within", counts.within},
             {"warned", counts.warned},
             {"failed", counts.failed},
             {"not_judged", counts.unjudged}}},
           {"budgets", Json::array()}};
  for (const CheckedBudget& budget : report.budgets) out["budgets"].push_back(budget_json(budget));
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom
