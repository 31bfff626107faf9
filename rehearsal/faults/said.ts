/** Characters of a message that are told; what AWS says of capacity comes after 300. */
const LONGEST = 480;

/** The line that is meant, or the first that is not a mere count, without what differs from run to run. */
export function shortened(said: readonly string[], says?: RegExp): string {
  const line = said.find((one) => says?.test(one)) ?? said.find((one) => !/^(failed: |update failed)/.test(one)) ?? "";
  return cut(
    line
      .replace(/\s+/g, " ")
      .replace(/^1 error occurred: \* /, "")
      .replace(/https:\/\/127\.0\.0\.1:\d+/g, "https://ENDPOINT")
      .replace(/127\.0\.0\.1:\d+/g, "ENDPOINT")
      .replace(/\b(?=[a-z]*\d)[0-9a-f]{7,}(-[0-9a-f]{4,})*\b/g, "…")
      .trim(),
  );
}

/** Whole words, and a mark where more was said. */
function cut(text: string): string {
  if (text.length <= LONGEST) return text;
  const end = text.lastIndexOf(" ", LONGEST);
  return `${text.slice(0, end < 0 ? LONGEST : end)} …`;
}
