"""One process that stands for one rank of many, over a virtual NCCL: collectives are launches, sharded memory is one rank's share, and
with backed memory each collective leaves what it would leave if every rank held the same.
"""
import pathlib
import sys
import unittest

import torch
from torch import distributed, nn

from support import *

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "attach" / "python"))
from headroom_attach import ranks


@needs_virtual
class OfManyRanks(ConformanceTest):
    SIZE, RANK = 8, 3
    begins_empty = False  # what was captured stays with the group's watchdog

    def setUp(self):
        super().setUp()
        self.before = torch.cuda.memory_allocated()
        self.store = ranks.make_store(distributed, self.SIZE)  # kept: the group has no reference of its own
        distributed.init_process_group("nccl", store=self.store, rank=self.RANK, world_size=self.SIZE)
        self.addCleanup(distributed.destroy_process_group)


class Collectives(OfManyRanks):
    def test_the_group_has_its_size_and_this_rank(self):
        self.assertEqual((distributed.get_rank(), distributed.get_world_size()), (self.RANK, self.SIZE))

    def test_every_collective_runs(self):
        x = torch.ones(64, device="cuda")
        shares = torch.ones(8 * self.SIZE, device="cuda")
        distributed.all_reduce(x)
        distributed.all_reduce(x, op=distributed.ReduceOp.AVG)
        distributed.broadcast(x, src=0)
        distributed.reduce(x, dst=0)
        distributed.all_gather_into_tensor(torch.empty(64 * self.SIZE, device="cuda"), x)
        distributed.all_gather([torch.empty_like(x) for _ in range(self.SIZE)], x)
        distributed.reduce_scatter_tensor(torch.empty(8, device="cuda"), shares)
        distributed.all_to_all_single(torch.empty_like(shares), shares)
        distributed.all_to_all_single(torch.empty(36, device="cuda"), torch.empty(36, device="cuda"), list(range(1, 9)), list(range(1, 9)))
        distributed.gather(x, None, dst=0)
        distributed.scatter(x, None, src=0)
        distributed.send(x, dst=0)
        distributed.recv(x, src=0)
        distributed.barrier()
        torch.cuda.synchronize()

    def test_work_handles_complete(self):
        work = distributed.all_reduce(torch.ones(64, device="cuda"), async_op=True)
        work.wait()
        torch.cuda.synchronize()
        self.assertTrue(work.is_completed())

    def test_wrong_ranks_are_refused(self):
        with self.assertRaises((RuntimeError, ValueError)):
            distributed.broadcast(torch.ones(4, device="cuda"), src=self.SIZE)

    def test_subgroups_split_and_work(self):
        group = distributed.new_group(list(range(4)))
        distributed.all_reduce(torch.ones(64, device="cuda"), group=group)
        self.assertEqual(distributed.get_world_size(group), 4)
        self.assertEqual(distributed.get_rank(group), 3)

    def test_the_version_is_the_one_torch_was_released_with(self):
        self.assertEqual(torch.cuda.nccl.version()[:2], (2, {"2.11": 28, "2.15": 30}[torch.__version__[:4]]))

    def test_a_captured_collective_is_replayed(self):
        x = torch.ones(64, device="cuda")
        distributed.all_reduce(x)  # makes the communicator
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            distributed.all_reduce(x)
        graph.replay()
        torch.cuda.synchronize()

    @needs_values
    def test_gathered_data_are_the_own_repeated(self):
        x = torch.arange(4.0).cuda()
        gathered = torch.empty(4 * self.SIZE, device="cuda")
        distributed.all_gather_into_tensor(gathered, x)
        self.assertEqual(gathered.tolist(), [0.0, 1.0, 2.0, 3.0] * self.SIZE)

    @needs_values
    def test_lists_of_tensors_are_gathered_by_broadcasts_too(self):
        x = torch.arange(4.0).cuda()
        gathered = [torch.empty(4 if rank else 2, device="cuda") for rank in range(self.SIZE)]  # unequal: one broadcast from each
        distributed.all_gather(gathered, x)
        self.assertEqual([part.tolist() for part in gathered[1:]], [[0.0, 1.0, 2.0, 3.0]] * (self.SIZE - 1))

    @needs_values
    def test_a_scattered_sum_holds_the_own_part(self):
        shares = torch.arange(2.0 * self.SIZE).cuda()
        own = torch.empty(2, device="cuda")
        distributed.reduce_scatter_tensor(own, shares, op=distributed.ReduceOp.AVG)
        self.assertEqual(own.tolist(), [2.0 * self.RANK, 2.0 * self.RANK + 1])

    @needs_values
    @unittest.skipUnless(TORCH_VERSION < (2, 15), "this Torch takes the largest size by a reduction on the device")
    def test_objects_are_gathered(self):
        gathered = [None] * self.SIZE
        distributed.all_gather_object(gathered, {"rank": "any"})
        self.assertEqual(gathered, [{"rank": "any"}] * self.SIZE)


def parameter_bytes(model):
    return sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())


def layers(count=4, width=512):
    return nn.Sequential(*(nn.Linear(width, width, bias=False, device="cuda") for _ in range(count)))


class Sharding(OfManyRanks):
    def test_fully_sharded_parameters_take_one_rank_s_share(self):
        from torch.distributed.fsdp import fully_shard
        model = layers()
        whole = parameter_bytes(model)
        for layer in model:
            fully_shard(layer)
        fully_shard(model)
        torch.cuda.synchronize()
        self.assertEqual(torch.cuda.memory_allocated() - self.before, whole // self.SIZE)
        optimizer = torch.optim.Adam(model.parameters(), foreach=False)
        for _ in range(2):
            model(torch.empty(4, 512, device="cuda")).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
        state = sum(value.to_local().numel() * 4 for entry in optimizer.state.values() for name, value in entry.items() if name != "step")
        self.assertEqual(state, 2 * whole // self.SIZE)
        torch.cuda.synchronize()
        torch._C._cuda_clearCublasWorkspaces()
        self.assertEqual(torch.cuda.memory_allocated() - self.before, 3 * whole // self.SIZE)

    def test_an_unsharded_layer_needs_its_whole_weight_while_it_runs(self):
        from torch.distributed.fsdp import fully_shard
        model = layers()
        one = parameter_bytes(model[0])
        for layer in model:
            fully_shard(layer)
        fully_shard(model)
        torch.cuda.reset_peak_memory_stats()
        resting = torch.cuda.memory_allocated()
        with torch.no_grad():
            model(torch.empty(4, 512, device="cuda"))
        self.assertGreaterEqual(torch.cuda.max_memory_allocated() - resting, one)

    @needs_values  # the ranks compare their parameters' shapes
    def test_data_parallel_keeps_whole_parameters_and_buckets(self):
        model = layers()
        whole = parameter_bytes(model)
        replicated = nn.parallel.DistributedDataParallel(model)
        self.assertGreaterEqual(torch.cuda.memory_allocated() - self.before, 2 * whole)  # parameters and gradient buckets
        replicated(torch.empty(4, 512, device="cuda")).sum().backward()
        self.assertTrue(all(parameter.grad is not None for parameter in model.parameters()))

    def test_tensor_parallel_weights_take_one_rank_s_share(self):
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module
        mesh = init_device_mesh("cuda", (self.SIZE,))
        model = layers(2)
        whole = parameter_bytes(model)
        model = parallelize_module(model, mesh, {"0": ColwiseParallel(), "1": RowwiseParallel()})
        self.assertEqual(sum(p.to_local().numel() * 4 for p in model.parameters()), whole // self.SIZE)
        model(torch.empty(4, 512, device="cuda")).sum().backward()
        self.assertEqual(sum(p.grad.to_local().numel() * 4 for p in model.parameters()), whole // self.SIZE)

    def test_sharding_by_the_older_interface(self):
        from torch.distributed.fsdp import FullyShardedDataParallel
        model = layers()
        whole = parameter_bytes(model)
        sharded = FullyShardedDataParallel(model, device_id=0, use_orig_params=True)
        sharded(torch.empty(4, 512, device="cuda")).sum().backward()
        torch.cuda.synchronize()
        self.assertEqual(sum(p.numel() * 4 for p in sharded.parameters() if p.numel()), whole // self.SIZE)


if __name__ == "__main__":
    unittest.main()
