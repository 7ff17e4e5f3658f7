// Variables of the environment and exit codes, said once: for the manual page of the tool and for docs/reference.
#pragma once

#include <array>
#include <string_view>

namespace headroom::shell {

struct Variable {
  std::string_view group;
  std::string_view name;
  std::string_view fallback;  // what holds where it is not set; empty: nothing
  std::string_view meaning;
};

// Of a group one after the other.
inline constexpr std::array kVariables{
    Variable{"Where things are", "HEADROOM_TORCH_DIR", "looked for in the installed tree and the cache",
             "The folder torch of an installed or unpacked Torch, of the version that the worker was built for."},
    Variable{"Where things are", "HEADROOM_CACHE_DIR", "XDG_CACHE_HOME/headroom, else ~/.cache/headroom",
             "Where headroom-setup-torch and scripts/setup unpack Torch."},
    Variable{"Where things are", "HEADROOM_WORKER", "the one beside headroom", "Another headroom-worker."},
    Variable{"Where things are", "HEADROOM_PROGRAM", "the one beside the viewer, else headroom in PATH",
             "The program headroom that the viewer and the Python package start."},
    Variable{"Where things are", "HEADROOM_CUPTI", "looked for where NVIDIA's packages put it",
             "The file libcupti.so that traces; this one and no other is tried."},
    Variable{"Where things are", "XDG_CACHE_HOME", "~/.cache",
             "headroom/results in it has the runs that headroom fit made already."},
    Variable{"Where things are", "TMPDIR", "/tmp", "Where runs keep what they need until they end."},

    Variable{"The virtual GPU", "HEADROOM_VIRTUAL_GPU", "no device",
             "NAME or NxNAME: which device the preloaded virtual GPU shows. headroom sets it from --device."},
    Variable{"The virtual GPU", "HEADROOM_VIRTUAL_GPU_RESERVE", "0",
             "Bytes of each device that are in use from the start; --reserve overrides it."},
    Variable{"The virtual GPU", "HEADROOM_VIRTUAL_GPU_EVENTS", "immediate",
             "immediate or delayed: when work on the device is done; --events overrides it."},
    Variable{"The virtual GPU", "HEADROOM_VIRTUAL_GPU_ADDRESS_ORDER", "the device's own",
             "descending, ascending or shuffled:SEED: how addresses are handed out; --address-order overrides it."},
    Variable{"The virtual GPU", "HEADROOM_VIRTUAL_GPU_BACKED", "0",
             "1: device memory holds what is copied there; --backed overrides it."},
    Variable{"The virtual GPU", "HEADROOM_VIRTUAL_GPU_CUDNN", "looked for beside Torch",
             "Folder of NVIDIA's libcudnn.so.9, or none."},
    Variable{"The virtual GPU", "HEADROOM_VIRTUAL_GPU_NVRTC", "looked for beside Torch",
             "Folder of NVIDIA's libnvrtc, or none."},
    Variable{"The virtual GPU", "CUDA_VISIBLE_DEVICES", "all",
             "Read as CUDA reads it, on virtual devices, too: numbers, UUIDs, -1."},
    Variable{"The virtual GPU", "TRITON_LIBCUDA_PATH", "the virtual GPU's folder, on a virtual device",
             "Where Triton looks for the driver that it links against."},

    Variable{"What changes allocations", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF",
             "Settings of PyTorch's caching allocator, which hold for recorded runs, too, and are recorded with them."},
    Variable{"What changes allocations", "PYTORCH_ALLOC_CONF", "PyTorch's own settings", "The same by its newer name."},
    Variable{"What changes allocations", "CUBLAS_WORKSPACE_CONFIG", "PyTorch's own sizes",
             "Sizes of cuBLAS's workspaces; recorded with the run."},
    Variable{"What changes allocations", "CUBLASLT_WORKSPACE_SIZE", "PyTorch's own size",
             "Size of cublasLt's workspace; recorded with the run."},
    Variable{"What changes allocations", "TORCH_CUBLASLT_UNIFIED_WORKSPACE", "PyTorch's own choice",
             "Whether cublasLt uses cuBLAS's workspace; recorded with the run."},
    Variable{"What changes allocations", "PYTORCH_NO_CUDA_MEMORY_CACHING", "",
             "Refused where it is set: without the caching allocator there is nothing to record."},

    Variable{"Output", "COLUMNS", "the terminal's width, else 100", "Width of tables; --width overrides it."},
    Variable{"Output", "NO_COLOR", "", "Not empty: no colours, whatever the terminal; --color overrides it."},
    Variable{"Output", "TERM", "", "dumb or not set: no colours."},
    Variable{"Output", "SOURCE_DATE_EPOCH", "now",
             "Of headroom check: the day by which exceptions expire, in seconds since 1970; --today overrides it."},
    Variable{
        "Output", "GITHUB_STEP_SUMMARY", "",
        "Of headroom check where GITHUB_ACTIONS is true: the file of the job's page, to which the table is added."},

    Variable{"Shards of a sweep", "SLURM_ARRAY_TASK_ID", "",
             "Slurm's job array, with SLURM_ARRAY_TASK_MIN, _STEP and _COUNT: the part of --shard auto."},
    Variable{"Shards of a sweep", "SLURM_PROCID", "",
             "srun, of SLURM_STEP_NUM_TASKS, else SLURM_NTASKS; within a job array, part of its part."},
    Variable{"Shards of a sweep", "OMPI_COMM_WORLD_RANK", "", "Open MPI, of OMPI_COMM_WORLD_SIZE."},
    Variable{"Shards of a sweep", "PMI_RANK", "", "MPICH and Intel MPI, of PMI_SIZE."},
    Variable{"Shards of a sweep", "PARALLEL_SEQ", "", "GNU parallel, of --shard auto/N alone."},
};

// Of those who build it and run its tests: for the reference alone.
inline constexpr std::array kBuildVariables{
    Variable{"Building and testing", "HEADROOM_TORCH_DIR", "the Torch that scripts/setup unpacked",
             "Of CMake, where it is a variable of the cache, and of the scripts: the Torch to build for."},
    Variable{"Building and testing", "HEADROOM_CUDA_DIR", "the headers that scripts/setup unpacked",
             "Of CMake: a folder with the headers of the CUDA that this Torch was built with in include."},
    Variable{"Building and testing", "HEADROOM_TEST_PYTHON", "that of scripts/setup --tests",
             "Of CMake: a Python with Torch and transformers for the tests."},
    Variable{"Building and testing", "HEADROOM_UPDATE_GOLDEN", "",
             "Of the tests, 1: write the expected texts in tests/golden anew."},
};

struct ExitCodeMeaning {
  std::string_view code;
  std::string_view command;  // empty: of every command
  std::string_view meaning;
};

inline constexpr std::array kExitCodes{
    ExitCodeMeaning{"0", "", "done"},
    ExitCodeMeaning{"0", "check", "all within their budgets; warnings, too, unless --strict"},
    ExitCodeMeaning{"0", "diff", "both peaks are made of the same, or no --threshold is exceeded"},
    ExitCodeMeaning{"0", "fit", "every device has an answer, \"not even one fits\" among them"},
    ExitCodeMeaning{"0", "sweep, merge", "also where runs are out of memory or cannot be: those are rows"},
    ExitCodeMeaning{"1", "check", "over budget"},
    ExitCodeMeaning{"1", "diff", "the peaks differ, or grew by more than a --threshold"},
    ExitCodeMeaning{"2", "", "bad usage or bad input: one line on stderr says what was wrong and what would be right"},
    ExitCodeMeaning{"2", "check",
                    "also a baseline that is missing or of something else, and a limit that fits no layer"},
    ExitCodeMeaning{"2", "compare", "also where a run was refused and none failed otherwise"},
    ExitCodeMeaning{"2", "merge", "also where a run is another in one shard than in another"},
    ExitCodeMeaning{"3", "",
                    "could not measure (out of memory, no device, no Torch, a worker died), or could not write the "
                    "result"},
    ExitCodeMeaning{"3", "compare", "also where any of its runs could not be measured; the others are shown"},
    ExitCodeMeaning{"3", "merge", "also where runs are in no shard"},
    ExitCodeMeaning{
        "the program's", "run",
        "the program's own, 128 plus the number of the signal that ended it; 2 and 3 as above where it ended "
        "well or never began"},
    ExitCodeMeaning{"129, 130, 143", "",
                    "stopped by SIGHUP, Ctrl-C (SIGINT), SIGTERM: the tool ends by that same signal"},
};

}  // namespace headroom::shell
