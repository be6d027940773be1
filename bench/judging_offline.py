"""Run by vLLM's own Python: the prompts of a JSON file through `LLM.generate`, one token each."""

import json
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    from vllm import LLM, SamplingParams

    asked = json.loads(Path(sys.argv[1]).read_text())
    llm = LLM(
        asked["model"],
        dtype="float32",
        max_model_len=4096,
        enforce_eager=True,
        hf_overrides={"head_dtype": "float32"},
        disable_log_stats=True,
    )
    tokenizer = llm.get_tokenizer()
    prompts = [
        {
            "prompt_token_ids": tokenizer.apply_chat_template(
                messages, add_generation_prompt=True, tokenize=True, return_dict=True
            )["input_ids"]
        }
        for messages in asked["prompts"]
    ]
    params = SamplingParams(max_tokens=1, temperature=0, logprob_token_ids=asked["ids"])
    began = time.monotonic()
    outputs = llm.generate(prompts, params, use_tqdm=False)
    seconds = time.monotonic() - began
    assert len(outputs) == len(prompts)
    print(json.dumps({"seconds": seconds}))
