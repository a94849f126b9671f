"""Writes test/golden/bert-tiny.safetensors and test/golden/bert-tiny.json from transformers' BertModel.

Run from the root of the repository: python tools/reference/bert.py
"""

import torch
import transformers
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

from goldens import GOLDEN, dump, gradients, normal, randomize, short

CONFIG = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, vocab_size=99,
              max_position_embeddings=32, type_vocab_size=2, hidden_act="gelu", layer_norm_eps=1e-12, pad_token_id=0,
              hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)

if __name__ == "__main__":
    model = BertModel(BertConfig(**CONFIG), add_pooling_layer=False).eval()
    randomize(model, 31)
    state = {k: v.clone() for k, v in model.state_dict().items()}
    save_file(state, GOLDEN / "bert-tiny.safetensors", metadata={"format": "pt"})
    model.double()

    lengths = [7, 12, 3]
    generator = torch.Generator().manual_seed(32)
    ids = torch.randint(1, 99, (3, 12), generator=generator)
    mask = (torch.arange(12)[None] < torch.tensor(lengths)[:, None]).long()
    ids = ids * mask
    # A loss that weighs every output differently: a plain mean of squares hides permutations.
    weights = normal(generator, 12, 32)

    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    loss = ((hidden * weights) ** 2 * mask[..., None]).sum() / mask.sum()
    loss.backward()
    full = {"embeddings.LayerNorm.weight", "encoder.layer.0.attention.self.query.weight",
            "encoder.layer.1.output.LayerNorm.bias", "embeddings.token_type_embeddings.weight"}
    dump(GOLDEN / "bert-tiny.json", {
        "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
        "config": CONFIG,
        "input_ids": ids.tolist(),
        "attention_mask": mask.tolist(),
        "loss_weights": short(weights),
        "last_hidden_state": hidden.tolist(),
        "loss": loss.item(),
        "gradients": gradients(model, full),
    })
