/** The cells of one line at a time: quoted cells may hold commas, line ends and doubled quotes (RFC 4180). */
function cellsOf(file: string, text: string): string[][] {
  const lines: string[][] = [[]];
  let cell = "";
  let quoted = false;
  const endCell = () => {
    lines.at(-1)?.push(cell);
    cell = "";
  };
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (quoted && char === '"' && text.charAt(at + 1) === '"') {
      cell += char;
      at++;
    } else if (char === '"') quoted = !quoted;
    else if (!quoted && char === ",") endCell();
    else if (!quoted && char === "\n") {
      endCell();
      lines.push([]);
    } else if (quoted || char !== "\r") cell += char;
  }
  if (quoted) throw new Error(`${file}: a quoted cell is never closed`);
  endCell();
  return lines.filter((line) => line.length > 1 || line[0] !== "");
}

/** A record of a CSV file: its cells by the names of the first record, without blanks around them. */
export type CsvRecord = Readonly<Record<string, string>>;

/** @param needed columns without which the file is of no use; others may be missing. */
export function parseCsv(file: string, text: string, needed: readonly string[]): CsvRecord[] {
  const [header = [], ...records] = cellsOf(file, text.replace(/^\uFEFF/, ""));
  const names = header.map((name) => name.trim());
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length > 0)
    throw new Error(`${file} has no column ${missing.join(", ")}; its first line names ${names.join(", ") || "none"}`);
  return records.map((cells) => Object.fromEntries(names.map((name, index) => [name, (cells[index] ?? "").trim()])));
}
