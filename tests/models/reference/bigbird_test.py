"""BigBird's block-sparse attention as transformers computes it in training, random blocks included."""
import unittest

import torch
from transformers import BigBirdConfig
from transformers.models.big_bird.modeling_big_bird import BigBirdBlockSparseAttention, BigBirdModel

from support import Reference, ask, sines


class BigBird(Reference):
    def compare(self, seq, block, random, layer):
        config = BigBirdConfig(hidden_size=12, num_attention_heads=3, block_size=block, num_random_blocks=random,
                               max_position_embeddings=seq)
        theirs = BigBirdBlockSparseAttention(config, seed=layer).double().train()
        ours = {"output.weight": torch.eye(12), "output.bias": torch.zeros(12)}
        for k, role in enumerate(("query", "key", "value")):
            linear = getattr(theirs, role)
            ours[role + ".weight"], ours[role + ".bias"] = linear.weight, linear.bias
            linear.weight.data, linear.bias.data = sines(k, 12, 12), sines(k + 7, 12)
        x = sines(9, 2, seq, 12).requires_grad_()
        blocks, band, rows, columns = BigBirdModel.create_masks_for_block_sparse_attn(torch.ones(2, seq), block)
        y = theirs(x, band, rows, columns, blocks, blocks)[0]
        answer = ask(attention=f"bigbird:block={block}:random={random}", context={"block": layer},
                     config={"d_model": 12, "head_count": 3, "attention_bias": True, "max_positions": seq}, x=x,
                     parameters=ours)
        self.assert_same(answer, y, {"x": x, **{role: leaf for role, leaf in ours.items() if "output" not in role}})

    def test_it_is_transformers_in_every_layer(self):
        for seq, block, random, layer in ((16, 2, 1, 0), (40, 2, 3, 1), (44, 4, 2, 2), (24, 1, 2, 7), (66, 3, 1, 11)):
            with self.subTest(seq=seq, block=block, random=random, layer=layer):
                self.compare(seq, block, random, layer)


if __name__ == "__main__":
    unittest.main()
