"""Writes a tiny Llama-shaped model with random weights: real enough for a real llama.cpp server to batch."""

from pathlib import Path

import gguf
import numpy as np

CONTEXT = 65536
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?'()-"
LOWER = LETTERS[:26]
PIECES = ["▁", *LETTERS, *(f"▁{a}" for a in LOWER), *(a + b for a in LOWER for b in LOWER)]


def vocabulary():
    kinds = gguf.TokenType
    tokens = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)]
    tokens += [(f"<0x{byte:02X}>", kinds.BYTE) for byte in range(256)]
    return tokens + [(piece, kinds.NORMAL) for piece in PIECES]


def write_model(path: Path, seed: int = 1, *, hidden: int = 32, layers: int = 1, heads: int = 1) -> Path:
    """Of some thousand weights; of more `layers` and `hidden` where an answer shall take its time."""
    feed_forward = 2 * hidden
    rng = np.random.default_rng(seed)
    tokens = vocabulary()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny-random")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(hidden)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_rope_dimension_count(hidden // heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _ in tokens])
    writer.add_token_scores([-float(number) for number in range(len(tokens))])
    writer.add_token_types([kind for _, kind in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)

    def tensor(name, *shape):
        writer.add_tensor(name, rng.normal(0, 0.4, shape).astype(np.float32))

    def norm(name):
        writer.add_tensor(name, np.ones(hidden, np.float32))

    tensor("token_embd.weight", len(tokens), hidden)
    norm("output_norm.weight")
    output = rng.normal(0, 0.4, (len(tokens), hidden)).astype(np.float32)
    output[: 3 + 256] = 0  # special and byte tokens stay unlikely: the answers are readable letters
    writer.add_tensor("output.weight", output)
    for layer in range(layers):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            tensor(f"blk.{layer}.{name}.weight", hidden, hidden)
        tensor(f"blk.{layer}.ffn_gate.weight", feed_forward, hidden)
        tensor(f"blk.{layer}.ffn_up.weight", feed_forward, hidden)
        tensor(f"blk.{layer}.ffn_down.weight", hidden, feed_forward)
        norm(f"blk.{layer}.attn_norm.weight")
        norm(f"blk.{layer}.ffn_norm.weight")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
