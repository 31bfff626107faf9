import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { images } from "../../components/versions";
import { findingHere, findTools } from "../../rehearsal/tools";
import { cut, type Described, printed } from "./litellm-openapi";
import { run } from "./programs";

/** Python with LiteLLM of components/versions.ts. */
async function gatewayPython(): Promise<string> {
  const { signal } = new AbortController();
  return (
    await findTools(
      ["gatewayPython"],
      findingHere(() => {}, signal),
    )
  ).gatewayPython;
}

/** With -u it is written anew. */
test("LiteLLM's own description has every path, field and answer that npm run key is tested against", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pilotlight-openapi-"));
  try {
    const file = join(folder, "openapi.json");
    const { code, output } = await run(
      await gatewayPython(),
      [join(__dirname, "python", "litellm_openapi.py"), file],
      {},
    );
    expect(code, output).toBe(0);
    const described: Described = JSON.parse(readFileSync(file, "utf8"));
    expect(`v${described.version}`).toBe(images.litellm.tag);
    await expect(`${printed(cut(described))}\n`).toMatchFileSnapshot("../data/litellm-openapi.json");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
