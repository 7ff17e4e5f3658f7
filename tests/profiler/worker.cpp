#include "worker.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <set>

#include "recording/file.h"
#include "recording/verify.h"
#include "temporary_folder.h"

namespace headroom::testing_support {
namespace {

const std::string kBuild = HEADROOM_BUILD_DIR;

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void redirect(const std::filesystem::path& path, int flags, int fd) {
  const int opened = open(path.c_str(), flags | O_CREAT, 0600);
  if (opened < 0 || dup2(opened, fd) < 0) _exit(127);
}

[[noreturn]] void execute(const std::vector<std::string>& command,
                          const std::map<std::string, std::string>& environment) {
  personality(ADDR_NO_RANDOMIZE);
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  _exit(127);
}

int wait_for(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const TemporaryFolder& models_folder() {
  static const TemporaryFolder folder;
  return folder;
}

const char* tiny_config(const std::string& type) {
  if (type == "bert")
    return R"({"model_type": "bert", "vocab_size": 211, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
      "intermediate_size": 96, "max_position_embeddings": 64, "type_vocab_size": 2, "hidden_act": "gelu",
      "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "layer_norm_eps": 1e-12, "pad_token_id": 0})";
  if (type == "narrow")
    return R"({"model_type": "gpt2", "vocab_size": 211, "n_embd": 48, "n_layer": 1, "n_head": 4, "n_positions": 64})";
  if (type == "gpt2")
    return R"({"model_type": "gpt2", "vocab_size": 211, "n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 64,
      "activation_function": "gelu_new", "resid_pdrop": 0.1, "embd_pdrop": 0.1, "attn_pdrop": 0.1,
      "layer_norm_epsilon": 1e-5})";
  if (type == "mixtral")
    return R"({"model_type": "mixtral", "vocab_size": 211, "hidden_size": 64, "num_hidden_layers": 2,
      "num_attention_heads": 8, "num_key_value_heads": 4, "intermediate_size": 40, "max_position_embeddings": 64,
      "hidden_act": "silu", "num_local_experts": 4, "num_experts_per_tok": 2})";
  if (type == "deepseek_v3")
    return R"({"model_type": "deepseek_v3", "vocab_size": 211, "hidden_size": 64, "num_hidden_layers": 3,
      "num_attention_heads": 4, "intermediate_size": 96, "max_position_embeddings": 64, "hidden_act": "silu",
      "moe_intermediate_size": 24, "n_routed_experts": 8, "n_shared_experts": 1, "num_experts_per_tok": 2, "n_group": 4,
      "topk_group": 2, "first_k_dense_replace": 1, "q_lora_rank": 24, "kv_lora_rank": 16, "qk_nope_head_dim": 16,
      "qk_rope_head_dim": 8, "v_head_dim": 16})";
  return R"({"model_type": "llama", "vocab_size": 211, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 8,
    "num_key_value_heads": 8, "intermediate_size": 96, "max_position_embeddings": 64, "hidden_act": "silu",
    "rms_norm_eps": 1e-6, "tie_word_embeddings": false, "rope_theta": 10000.0})";
}

}  // namespace

std::string tiny_model(const std::string& type) {
  static const std::set<std::string> known{"bert", "gpt2", "llama", "narrow", "mixtral", "deepseek_v3"};
  if (!known.contains(type)) return type;
  const auto path = models_folder() / (type + ".json");
  std::ofstream(path) << tiny_config(type);
  return path.string();
}

std::map<std::string, std::string> worker_environment(const std::string& device) {
  const std::string prefix = "virtual:";
  if (device.starts_with("cuda")) return {};
  std::map<std::string, std::string> environment{
      {"LD_PRELOAD", kBuild + "/lib/headroom/virtual-gpu/headroom-virtual-gpu.so"}};
  if (device.starts_with(prefix)) environment["HEADROOM_VIRTUAL_GPU"] = device.substr(prefix.size());
  return environment;
}

int run_program(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment) {
  const pid_t child = fork();
  if (child == 0) execute(command, environment);
  return wait_for(child);
}

WorkerResult run_worker_with(const std::vector<std::string>& arguments, const std::string& input,
                             const std::map<std::string, std::string>& environment, std::uint64_t address_space_bytes) {
  const TemporaryFolder folder;
  std::ofstream(folder / "input") << input;
  std::vector<std::string> command{kBuild + "/bin/headroom-worker"};
  for (const std::string& argument : arguments)
    command.push_back(argument == "OUT" ? (folder / "out.rec").string() : argument);
  const pid_t child = fork();
  if (child == 0) {
    redirect(folder / "input", O_RDONLY, STDIN_FILENO);
    redirect(folder / "messages", O_WRONLY, STDERR_FILENO);
    redirect(folder / "progress", O_WRONLY, 7);
    if (const rlimit limit{address_space_bytes, address_space_bytes}; address_space_bytes > 0)
      setrlimit(RLIMIT_AS, &limit);
    execute(command, environment);
  }
  WorkerResult result;
  result.exit_code = wait_for(child);
  result.messages = slurp(folder / "messages");
  result.progress = slurp(folder / "progress");
  if (std::filesystem::exists(folder / "out.rec")) result.recording = read_recording(folder / "out.rec");
  return result;
}

WorkerResult run_worker(const RunSpec& spec, std::map<std::string, std::string> extra_environment,
                        std::uint64_t address_space_bytes) {
  extra_environment.merge(worker_environment(spec.device));
  return run_worker_with({"--out", "OUT", "--progress-fd", "7"}, to_json(spec).dump(), extra_environment,
                         address_space_bytes);
}

const Recording& record(const RunSpec& spec) {
  static std::map<std::string, Recording> recordings;
  const std::string key = to_json(spec).dump();
  const auto at = recordings.find(key);
  return at != recordings.end() ? at->second : recordings.emplace(key, record_again(spec)).first->second;
}

Recording record_again(const RunSpec& spec) {
  const WorkerResult result = run_worker(spec);
  EXPECT_EQ(result.exit_code, 0) << to_json(spec) << result.messages;
  if (!result.recording) return {};
  for (const std::string& problem : verify(*result.recording)) ADD_FAILURE() << to_json(spec) << problem;
  return *result.recording;
}

}  // namespace headroom::testing_support
