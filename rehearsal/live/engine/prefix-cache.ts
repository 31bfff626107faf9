import { createHash } from "node:crypto";
import { BLOCK_TOKENS } from "./pace";

/** Characters of one token: the estimate that stands for a tokeniser throughout. */
export const TOKEN_CHARACTERS = 4;

const BLOCK_CHARACTERS = BLOCK_TOKENS * TOKEN_CHARACTERS;

/** One key for each full block of a prompt, which stands for the block and all before it. */
function* blockKeys(prompt: string): Generator<string> {
  let key = "";
  for (let end = BLOCK_CHARACTERS; end <= prompt.length; end += BLOCK_CHARACTERS) {
    key = createHash("sha256")
      .update(key)
      .update(prompt.slice(end - BLOCK_CHARACTERS, end))
      .digest("base64");
    yield key;
  }
}

/** Blocks of prompts whose keys and values are kept, the longest unused leaving first. */
export class PrefixCache {
  /** In the order of their last use. */
  private readonly blocks = new Set<string>();

  constructor(private readonly capacity: number) {}

  /**
   * Tokens at the start of a prompt that need no prefill. The last token is always computed, since the first one of the
   * answer comes from it.
   */
  cachedTokens(prompt: string): number {
    const most = Math.floor((Math.ceil(prompt.length / TOKEN_CHARACTERS) - 1) / BLOCK_TOKENS);
    let found = 0;
    for (const key of blockKeys(prompt)) {
      if (found >= most || !this.blocks.delete(key)) break;
      this.blocks.add(key);
      found += 1;
    }
    return found * BLOCK_TOKENS;
  }

  /** A prompt was prefilled. */
  remember(prompt: string): void {
    // Of a prompt that is longer than the cache its start is worth more than its end: a prefix is found from the start.
    let room = this.capacity;
    for (const key of blockKeys(prompt)) {
      if (room <= 0) break;
      room -= 1;
      this.blocks.delete(key);
      this.blocks.add(key);
    }
    for (const oldest of this.blocks) {
      if (this.blocks.size <= this.capacity) break;
      this.blocks.delete(oldest);
    }
  }
}
