"""One process that stands for rank r of N: the other ranks are absent, and a store answers for them as if they did the same."""
import os
import re


def device_count(virtual_gpu):
    """8 of "8xh100-80gb". CUDA itself is not asked: it would be initialised before the program could set it up."""
    count = re.match(r"(\d+)x", virtual_gpu)
    return max(int(count.group(1)), 1) if count else 1


def stand_for(torch, rank, ranks):
    devices = device_count(os.environ.get("HEADROOM_VIRTUAL_GPU", ""))  # of each machine
    for name, value in {
        "RANK": rank, "WORLD_SIZE": ranks, "LOCAL_RANK": rank % devices, "LOCAL_WORLD_SIZE": min(ranks, devices),
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": 29500,
    }.items():
        os.environ[name] = str(value)
    if torch.distributed.is_available():
        replace_rendezvous(torch.distributed, rank, ranks)


def make_store(distributed, ranks):
    class AbsentRanksStore(distributed.Store):
        """Every rank does what this one does: it sets the same keys and adds the same numbers."""

        def __init__(self):
            super().__init__()
            self.values = {}

        def set(self, key, value):
            self.values[key] = value.encode() if isinstance(value, str) else bytes(value)

        def get(self, key):
            return self.values.get(key, bytes(128))  # the size of an ncclUniqueId

        def add(self, key, amount):
            total = int(self.values.get(key, b"0")) + amount * ranks
            self.values[key] = str(total).encode()
            return total

        def check(self, keys):
            return all(key in self.values for key in keys)  # an absent key read as present is another rank's alarm

        def wait(self, keys, timeout=None):
            return None

        def compare_set(self, key, expected, desired):
            self.values.setdefault(key, desired.encode() if isinstance(desired, str) else desired)
            return self.values[key]

        def delete_key(self, key):
            return self.values.pop(key, None) is not None

        def num_keys(self):
            return len(self.values)

        def set_timeout(self, timeout):
            pass

    return AbsentRanksStore()


def replace_rendezvous(distributed, rank, ranks):
    store = make_store(distributed, ranks)
    handlers = distributed.rendezvous.__globals__["_rendezvous_handlers"]

    def rendezvous(url, *args, **kwargs):
        yield store, rank, ranks

    for scheme in ("env", "tcp", "file"):
        handlers[scheme] = rendezvous
