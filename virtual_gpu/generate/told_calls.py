"""Writes what stands between a program and the functions of the runtime and driver API, so that a listener is told of each call.

usage: told_calls.py CUDA_INCLUDE_DIR OUTPUT_DIR

For cudart and cuda it writes STEM_names.h, which renames every function in the sources that include it (cudaMalloc is defined as
headroom_cudaMalloc), and STEM_calls.cpp, which defines the public names: while nobody listens they jump to the renamed function. What no
source defines answers "not supported". call_probes.cpp calls each of them once, for tests. Numbers and names of the calls, and the types and names of their parameters, are those that CUPTI's
headers give them, so there is a call for each function that CUPTI knows and CUDA's headers declare.
"""
import dataclasses
import pathlib
import re
import sys



@dataclasses.dataclass(frozen=True)
class Domain:
    stem: str
    name: str             # enumerator of CallDomain
    ids: str              # prefix of the enumerators in CUPTI's header of numbers
    ids_header: str
    parameters_header: str
    result: str
    header: str           # of the interface


DOMAINS = [
    Domain("cudart", "runtime", "CUPTI_RUNTIME_TRACE_CBID_", "cupti_runtime_cbid.h", "generated_cuda_runtime_api_meta.h", "cudaError_t",
           "cuda_runtime_api.h"),
    Domain("cuda", "driver", "CUPTI_DRIVER_TRACE_CBID_", "cupti_driver_cbid.h", "generated_cuda_meta.h", "CUresult",
           "cuda.h"),
]

# CUPTI numbers these (the first four from CUDA 13 on) and has no struct of their parameters; CUDA's main headers declare none of them.
WITHOUT_STRUCT = {
    "__cudaLaunchKernel": "cudaKernel_t kernel; dim3 gridDim; dim3 blockDim; void **args; size_t sharedMem; cudaStream_t stream;",
    "__cudaLaunchKernel_ptsz": "cudaKernel_t kernel; dim3 gridDim; dim3 blockDim; void **args; size_t sharedMem; cudaStream_t stream;",
    "__cudaGetKernel": "cudaKernel_t *kernel; const void *entryFuncAddr;",
    "__cudaPopCallConfiguration": "dim3 *gridDim; dim3 *blockDim; size_t *sharedMem; void *stream;",
    "cudaProfilerStart": "", "cudaProfilerStop": "", "cuProfilerStart": "", "cuProfilerStop": "",
}
RESULTS = {"cudaGetErrorName": "const char*", "cudaGetErrorString": "const char*"}  # of the rest: the domain's
LEFT_OUT = {"cudaCreateChannelDesc"}  # gives a struct, and CUPTI's listeners a number

LAUNCH = re.compile(r"(__)?cu(da)?Launch(Cooperative)?Kernel(Ex)?C?(_pt[sd][sz])?$")
KERNEL_PARAMETERS = ("func", "f", "kernel")


@dataclasses.dataclass(frozen=True)
class Call:
    function: str     # as it is exported
    name: str         # as CUPTI names it
    id: int
    parameters: list  # of (type, name)
    struct: str       # "" where CUPTI has none


def exported_name(domain, name):
    return re.sub(r"_v\d{4,5}$", "", name) if domain.stem == "cudart" else name


def read_parameters(fields):
    return [re.match(r"(.*?)(\w+)$", field, re.DOTALL).groups() for field in map(str.strip, fields.split(";")) if field]


def functions_without_parameters(include, domain):
    return set(re.findall(r"\b(cu\w+)\s*\(\s*void\s*\)", (include / domain.header).read_text(errors="replace")))


def read_calls(include, domain):
    ids = re.findall(domain.ids + r"(\w+)\s*=\s*(\d+)", (include / domain.ids_header).read_text())
    structs = dict(re.findall(r"typedef struct (\w+)_params_st \{(.*?)\}", (include / domain.parameters_header).read_text(), re.DOTALL))
    bare = functions_without_parameters(include, domain)
    calls = {}
    for name, number in ids:  # of a function's forms, the last that CUPTI has parameters of is the one in the headers
        function = exported_name(domain, name)
        if function in LEFT_OUT:
            continue
        if name in structs:
            calls[function] = Call(function, name, int(number), read_parameters(structs[name]), name + "_params")
        elif function in bare or function in WITHOUT_STRUCT:
            calls[function] = Call(function, name, int(number), read_parameters(WITHOUT_STRUCT.get(function, "")), "")
    return list(calls.values())


def kernel_of(call):
    names = [name for _, name in call.parameters]
    if not LAUNCH.match(call.function):
        return "nullptr"
    find = "name_of_kernel" if call.function.startswith("cuda") else "name_of_kernel_handle"
    return f"{find}({next(filter(names.__contains__, KERNEL_PARAMETERS))})"


def definition(domain, call):
    declared = ", ".join(f"{type_} {name}" for type_, name in call.parameters)
    passed = ", ".join(name for _, name in call.parameters)
    with_caller = ", ".join(filter(None, ["const void* headroom_caller", declared]))
    passed_with_caller = ", ".join(filter(None, ["__builtin_return_address(0)", passed]))
    kept = f"  const {call.struct} parameters{{{passed}}};\n" if call.struct else ""
    facts = f'{{CallDomain::{domain.name}, {call.id}, "{call.name}", {"&parameters" if call.struct else "nullptr"}, {kernel_of(call)}}}'
    result = RESULTS.get(call.function, domain.result)
    default = (f"""{{
  return static_cast<{result}>(headroom_virtual_gpu_unimplemented("{call.function}", 801));
}}""" if result == domain.result else ";")
    return f"""
extern "C" HEADROOM_DEFAULT {result} headroom_{call.function}({declared}){default}
static HEADROOM_TOLD {result} told_{call.function}({with_caller}) {{
{kept}  return tell_call({facts}, headroom_caller, [&] {{ return headroom_{call.function}({passed}); }});
}}
extern "C" {result} public_{call.function}({declared}) __asm__("{call.function}");
{result} public_{call.function}({declared}) {{
  return activity_listener() == nullptr ? headroom_{call.function}({passed}) : told_{call.function}({passed_with_caller});
}}
"""


def calls_source(domain, calls):
    return f"""// Written by generate/told_calls.py.
#define __CUDA_API_VERSION_INTERNAL  // older forms too, and no renaming
#include <{domain.parameters_header}>

#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/told_call.h"

#define HEADROOM_DEFAULT __attribute__((weak))
#define HEADROOM_TOLD __attribute__((noinline, cold))

using namespace headroom::virtual_gpu;
""" + "".join(definition(domain, call) for call in calls)


def probe(domain, call):
    declared = ", ".join(type_ for type_, _ in call.parameters)
    passed = ", ".join(f"anything<{type_}>()" for type_, _ in call.parameters)
    result = RESULTS.get(call.function, domain.result)
    answer = "int(" if result == domain.result else "0 * int(nullptr != "
    return (f'extern "C" {result} probe_{call.function}({declared}) __asm__("{call.function}");\n',
            f'    {{CallDomain::{domain.name}, {call.id}, "{call.name}", {str(bool(call.struct)).lower()}, '
            f'[] {{ return {answer}probe_{call.function}({passed})); }}}},\n')


def probes_source(calls_of):
    probes = [probe(domain, call) for domain in DOMAINS for call in calls_of[domain]]
    return (f"""// Written by generate/told_calls.py.
#define __CUDA_API_VERSION_INTERNAL
#include <{DOMAINS[0].parameters_header}>
#include <{DOMAINS[1].parameters_header}>

#include "tests/virtual_gpu/call_probes.h"

namespace headroom::virtual_gpu::testing_support {{

{"".join(declaration for declaration, _ in probes)}
const std::vector<CallProbe>& call_probes() {{
  static const std::vector<CallProbe> probes{{
{"".join(row for _, row in probes)}  }};
  return probes;
}}

}}  // namespace headroom::virtual_gpu::testing_support
""")


def names_header(calls):
    return ("// Written by generate/told_calls.py.\n#pragma once\n#define HEADROOM_IMPLEMENTS(name) headroom_##name\n" +
            "".join(f"#define {call.function} headroom_{call.function}\n" for call in calls))


def main(include, output):
    include, output = pathlib.Path(include), pathlib.Path(output)
    output.mkdir(parents=True, exist_ok=True)
    calls_of = {domain: read_calls(include, domain) for domain in DOMAINS}
    for domain, calls in calls_of.items():
        (output / f"{domain.stem}_names.h").write_text(names_header(calls))
        (output / f"{domain.stem}_calls.cpp").write_text(calls_source(domain, calls))
    (output / "call_probes.cpp").write_text(probes_source(calls_of))


if __name__ == "__main__":
    main(*sys.argv[1:])
