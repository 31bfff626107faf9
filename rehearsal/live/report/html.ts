/** What may stand in markup: text and numbers are escaped, markup goes in as it is, nothing stays nothing. */
export type Part = Markup | string | number | undefined | readonly Part[];

/** Markup that is well-formed as XML and as HTML. Only `html` and `sheet` make it, so no text gets in unescaped. */
export class Markup {
  private constructor(readonly text: string) {}

  /** Constant parts are markup and must have been written so; values are escaped. */
  static of(constant: readonly string[], values: readonly Part[]): Markup {
    return new Markup(constant.map((part, i) => part + write(values[i])).join(""));
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Neither XML nor HTML may hold these, not even escaped: control characters, halves of surrogates, non-characters. */
const FORBIDDEN = /(?![\t\n])\p{Cc}|\p{Cs}|\p{Noncharacter_Code_Point}/gu;

/** Text as it stands between tags and in quoted attributes. */
export const escapeText = (text: string): string =>
  text.replace(FORBIDDEN, "\u{FFFD}").replace(/[&<>"']/g, (found) => ENTITIES[found] ?? "");

function write(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string") return escapeText(part);
  // A coordinate: hundredths of a pixel are enough.
  if (typeof part === "number") return Number.isFinite(part) ? String(Math.round(part * 100) / 100) : "0";
  return part instanceof Markup ? part.text : part.map(write).join("");
}

/** Markup with values put in escaped. */
export const html = (constant: TemplateStringsArray, ...values: readonly Part[]): Markup => Markup.of(constant, values);

/** A table whose first row is its head; `numbers` are the columns that stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly Part[])[], numbers: readonly number[] = []) {
  const place = (column: number) => (numbers.includes(column) ? "number" : "text");
  return html`<div class="wide"><table>
<thead><tr>${head.map((cell, i) => html`<th scope="col" class="${place(i)}">${cell}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td class="${place(i)}">${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}
