"""The commands that write something, each with what it reads, as far as they can be run in milliseconds."""
import subprocess

from bench import DEVICE, HEADROOM, PROGRAM, Command

SWEEP = '[base]\nmodel = "bert-base"\nseq = %d\n[grid]\nattention = ["mha", "mqa"]\nbatch = [1, 2]\n'
BUDGETS = '[[budget]]\nmodel = "bert-base"\nattention = ["mha", "mqa"]\nseq = %d\npeak = 20000\n'


def record(place, name, seq):
    subprocess.run([str(HEADROOM), "profile", "bert-base", "--quiet", "--attention", name, "--seq", seq, *DEVICE, "--out", "in"],
                   cwd=place.work, env=place.environment(), check=True, stdout=subprocess.DEVNULL)


def recordings(*names):
    return lambda place, old: [record(place, name, "64" if old else "128") for name in names]


def text(name, template):
    return lambda place, old: (place.work / name).write_text(template % (64 if old else 128))


def shards(place, old):
    text("sweep.toml", SWEEP)(place, old)
    for shard in "1/2", "2/2":
        subprocess.run([str(HEADROOM), "sweep", "sweep.toml", "--quiet", "--out", "in", "--shard", shard], cwd=place.work,
                       env=place.environment(), check=True, stdout=subprocess.DEVNULL)


def seq(*words):
    return lambda old: [*words, "--seq", "64" if old else "128"]


PROFILE = Command("profile", seq("profile", "bert-base", "--attention", "mqa", *DEVICE, "--out", "out", "--format", "terminal,json,html"))
COMPARE = Command("compare", seq("compare", "bert-base", "--attention", "mha,mqa", "--jobs", "2", *DEVICE, "--out", "out", "--format",
                                 "terminal,json,csv,snapshot"))
STDOUT = Command("stdout", seq("profile", "bert-base", "--attention", "mqa", *DEVICE, "--format", "json"))
REPORT = Command("report", ["report", "in/mha.headroom", "in/mqa.headroom", "--out", "out", "--format",
                            "terminal,json,html,markdown,latex,csv,svg,perfetto,snapshot"], recordings("mha", "mqa"))
DIFF = Command("diff", ["diff", "in/mha.headroom", "in/mhe-add.headroom", "--format", "json"], recordings("mha", "mhe-add"), own_code=1)
CHECK = Command("check", ["check", "budgets.toml", "--jobs", "1", "--out", "out", "--format",
                          "terminal,json,junit,sarif,gitlab,markdown"], text("budgets.toml", BUDGETS),
                {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "summary.md"}, appends=["summary.md"])
UPDATE = Command("update", ["check", "budgets.toml", "--jobs", "1", "--update-baseline"], text("budgets.toml", BUDGETS), tells_changes=True)
SWEEPING = Command("sweep", ["sweep", "sweep.toml", "--jobs", "1", "--out", "out", "--keep-recordings", "--quiet", "--format", "json"],
                   text("sweep.toml", SWEEP))
MERGE = Command("merge", ["merge", "in/shard-1-of-2", "in/shard-2-of-2", "--out", "out", "--format", "csv"], shards)
FIT = Command("fit", seq("fit", "gpt2", "--solve", "batch", "--advice", "none", "--jobs", "1", *DEVICE, "--out", "out"),
              variables={"HEADROOM_FAKE": "trains-1000"}, may_lack="cache/")
RUN = Command("run", ["run", *DEVICE, "--out", "out", "--format", "json,csv", "--", PROGRAM, "attach", "", "record", "cuda0", "1048576"])
FRAGMENTATION = Command("fragmentation", ["fragmentation", "in/mqa.headroom", "--settings", "expandable_segments:True", "--out", "out",
                                          "--format", "terminal,json"], recordings("mqa"))

REPRODUCE = Command("reproduce", lambda old: ["reproduce", "mhe", "--only", "training", "--attention", "mha,mqa", "--seeds", "1", "--steps",
                                              "20" if old else "30", "--text", "text.txt", "--quiet", "--out", "out"],
                    lambda place, old: (place.work / "text.txt").write_text("a word " * 2000))

ALL = [PROFILE, COMPARE, STDOUT, REPORT, DIFF, CHECK, UPDATE, SWEEPING, MERGE, FIT, RUN, FRAGMENTATION, REPRODUCE]
# Those that write several files of one result.
SEVERAL = [PROFILE, COMPARE, REPORT, CHECK, UPDATE, SWEEPING, MERGE, FIT, RUN, FRAGMENTATION, REPRODUCE]
MEASURING = [PROFILE, COMPARE, CHECK, UPDATE, SWEEPING]
