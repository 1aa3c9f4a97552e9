// Cells as texts: read from and written to the clipboard, tidied, found in a code table. No page.

const WIDE_COMMA = /[,，]/g;
const AMOUNT = /^\d{1,13}(\.\d{1,2})?$/;
const AMOUNT_WITH_COMMAS = /^\d{1,3}(,\d{3}){1,4}(\.\d{1,2})?$/;

// Reads what Excel and WPS put on the clipboard: cells by tabs, rows by line ends, and a cell with
// either in it between quotes, its own quotes doubled.
export function readCells(text) {
  const end = text.length;
  const rows = [];
  let row = [];
  let at = 0;
  while (at <= end) {
    const close = text[at] === '"' ? closingQuote(text, at) : -1;
    let stop;
    if (close >= 0) {
      row.push(text.slice(at + 1, close).replaceAll('""', '"').replace(/\r\n?/g, "\n"));
      stop = close + 1;
    } else {
      stop = at;
      while (stop < end && text[stop] !== "\t" && text[stop] !== "\n" && text[stop] !== "\r") stop++;
      row.push(text.slice(at, stop));
    }
    if (text[stop] === "\t") {
      at = stop + 1;
      continue;
    }
    rows.push(row);
    row = [];
    at = text[stop] === "\r" && text[stop + 1] === "\n" ? stop + 2 : stop + 1;
    // The line end after the last row begins no row.
    if (at >= end) break;
  }
  return rows;
}

// Where a quoted cell ends; -1 for a text that only begins with a quote.
function closingQuote(text, at) {
  for (let place = at + 1; place < text.length; place++) {
    if (text[place] !== '"') continue;
    if (text[place + 1] === '"') place++;
    else return [undefined, "\t", "\n", "\r"].includes(text[place + 1]) ? place : -1;
  }
  return -1;
}

// What a spreadsheet would take for a formula is marked as a text.
function harmless(text) {
  return /^[=+\-@\t\r＝＋－＠]/.test(text) && !/^-?[\d,]+(\.\d+)?%?$/.test(text) ? `'${text}` : text;
}

export function writeCells(rows) {
  const lines = rows.map((row) =>
    row
      .map((cell) => {
        const text = harmless(cell);
        return /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
      })
      .join("\t"),
  );
  return lines.join("\r\n");
}

// The same for programs that prefer a table: all but amounts are texts there, so that no document
// number loses its last digits.
export function writeTable(rows, isAmount) {
  const cells = (row) =>
    row
      .map((cell, at) => {
        const text = escaped(harmless(cell)).replaceAll("\n", "<br>");
        return isAmount[at] ? `<td>${text}</td>` : `<td style="mso-number-format:'\\@'">${text}</td>`;
      })
      .join("");
  return `<meta charset="utf-8"><table>${rows.map((row) => `<tr>${cells(row)}</tr>`).join("")}</table>`;
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

// Writes what was typed the way it is kept; what cannot be read stays as it is, for the check.
export function tidied(kind, typed) {
  const text = typed.replace(/^[\s']+(?=[=+\-@＝＋－＠])/, "").trim();
  if (kind === "amount") {
    const plain = text.normalize("NFKC").replace(/^'/, "").replace(/\s/g, "");
    if (AMOUNT.test(plain) || AMOUNT_WITH_COMMAS.test(plain)) {
      const [whole, part = ""] = plain.replaceAll(",", "").split(".");
      return `${whole}.${part.padEnd(2, "0")}`;
    }
  } else if (kind === "document") {
    return text.replace(/^'/, "").normalize("NFKC").trim().toUpperCase();
  } else if (kind === "code" || kind === "yes_no") {
    return text.replace(/^'/, "").trim();
  }
  return text;
}

// An amount in fen; none for what is no amount.
export function fen(text) {
  const plain = text.replace(WIDE_COMMA, "");
  if (!/^-?\d+(\.\d{1,2})?$/.test(plain)) return null;
  const [whole, part = ""] = plain.split(".");
  return BigInt(whole + part.padEnd(2, "0"));
}

export function yuan(text) {
  if (!/^-?\d+\.\d{2}$/.test(text)) return text;
  return text.replace(/\B(?=(\d{3})+(?=\.))/g, ",");
}

export function yuanOfFen(amount) {
  const digits = String(amount).padStart(3, "0");
  return yuan(`${digits.slice(0, -2)}.${digits.slice(-2)}`);
}

// One width and kind of brackets, no space, no marks: as the server folds headings.
export function folded(text) {
  return text
    .normalize("NFKC")
    .replace(/[\s*]+/g, "")
    .toLowerCase()
    .replace(/[【[〔{〖〈<]/g, "(")
    .replace(/[】\]〕}〗〉>]/g, ")");
}

// Which column each heading of a row names; none if the row is no row of headings.
export function headingsIn(row, columns, ignored) {
  const known = new Map();
  for (const column of columns) {
    for (const heading of column.headings) known.set(folded(heading), column.field);
  }
  for (const heading of ignored) known.set(folded(heading), "");
  const typed = row.map(folded);
  const found = typed.map((text) => (text ? known.get(text) : undefined));
  const named = found.filter(Boolean).length;
  const strange = typed.filter((text, at) => text && found[at] === undefined).length;
  return named && (!strange || named >= 3) ? found : null;
}

// A code table: finds an entry by code, name or both, and what begins like a typed text.
export class Codes {
  constructor(entries) {
    this.entries = entries.map(([code, name, other]) => ({
      code,
      name,
      label: code === name ? name : `${code} ${name}`,
      found: [code, name, other ?? ""].map((text) => folded(text)),
    }));
    this.byText = new Map();
    for (const entry of this.entries) {
      const [code, name, other] = entry.found;
      for (const text of [name, other, code, code + name, code + other]) {
        if (text) this.byText.set(text, entry);
      }
    }
  }

  find(text) {
    return this.byText.get(folded(text));
  }

  like(text) {
    const typed = folded(text);
    if (!typed) return this.entries;
    const begins = [];
    const holds = [];
    for (const entry of this.entries) {
      if (entry.found.some((known) => known.startsWith(typed))) begins.push(entry);
      else if (entry.found.some((known) => known.includes(typed))) holds.push(entry);
      else if (entry === this.byText.get(typed)) begins.push(entry);
    }
    return begins.concat(holds);
  }
}
