import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "pilotlight-libraries-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a Python program prints that has the writer of libraries at hand. */
function python(text: string): string[] {
  const file = join(folder, "ask.py");
  writeFileSync(file, `from pathlib import Path\nimport ctypes\nimport vllm_libraries as made\n${text}`);
  const env = { ...process.env, PYTHONPATH: "rehearsal/tools", PYTHONDONTWRITEBYTECODE: "1", FOLDER: folder };
  return execFileSync("python3", [file], { encoding: "utf8", env }).trim().split("\n");
}

/** A library of 300 functions, some of which come in a version. */
const WRITE = `
path = Path("${folder}", "libmade.so.1")
symbols = {(f"function{number}", None) for number in range(298)} | {("versioned", "V_2"), ("versioned", "V_1")}
made.write_library(path, symbols, 42)
`;

// Libraries are Linux's, and their six bytes x86-64's.
describe.skipIf(process.platform !== "linux" || process.arch !== "x64")("a library written without a linker", () => {
  test("loads, and each of its functions answers the number", () => {
    const ask = `${WRITE}
library = ctypes.CDLL(str(path))
print({getattr(library, f"function{number}")() for number in range(298)})
print(hasattr(library, "function298"))
`;
    expect(python(ask)).toEqual(["{42}", "False"]);
  });

  test("has each function in the version that was asked for, and in no other", () => {
    const ask = `${WRITE}
library = ctypes.CDLL(str(path))
find = ctypes.CDLL(None).dlvsym
find.restype, find.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
for version in (b"V_1", b"V_2", b"V_3"):
    print(find(library._handle, b"versioned", version) is not None)
`;
    expect(python(ask)).toEqual(["True", "True", "False"]);
  });

  test("is empty where nothing was asked for, and loads all the same", () => {
    expect(
      python(`
path = Path("${folder}", "libempty.so")
made.write_library(path, set(), 1)
print(ctypes.CDLL(str(path))._name == str(path))
`),
    ).toEqual(["True"]);
  });

  test("what a library of this machine needs and asks for is read out of it", () => {
    const [needed, asked, defined] = python(`
import _ctypes
library = made.Library(_ctypes.__file__)
print(any(name.startswith("libc.so") for name in library.needed))
print(any(file == "libc.so.6" and version.startswith("GLIBC_") for _, file, version in library.asked if version))
print("PyInit__ctypes" in library.defined)
`);
    expect([needed, asked, defined]).toEqual(["True", "True", "True"]);
  });
});
