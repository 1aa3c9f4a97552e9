// What the page says beside the table: whether all is saved, how much is wrong, what was just done,
// where the keyboard is, and the totals by income item.

import { fen, yuanOfFen } from "./grid_cells.js";

export class Status {
  constructor(page, sheet, columns, codes, say) {
    this.page = page;
    this.sheet = sheet;
    this.columns = columns;
    this.codes = codes;
    this.words = say;
    this.totals = document.getElementById("grid-totals");
    this.totals.closest("details").addEventListener("toggle", () => this.addUp());
  }

  report(state, details = {}) {
    const saving = document.getElementById("grid-saving");
    const time = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    const text = this.words(state === "filing" ? "filing" : state, { time, ...details });
    if (saving.textContent !== text) saving.textContent = text;
    const isFine = state === "saving" || state === "saved";
    saving.className = isFine ? "" : "grid-unsaved";
    this.page.querySelector("[data-do=retry]").hidden = isFine || state === "filing";
    document.getElementById("grid-login").hidden = state !== "loggedOut";
  }

  // Says a text by its name, or with null for its values the text itself.
  say(name, values = {}) {
    document.getElementById("grid-said").textContent = values === null ? name : this.words(name, values);
  }

  place({ rows, at }) {
    const row = rows[at.row];
    const column = this.columns[at.column];
    const place = document.getElementById("grid-place");
    const fault = row?.faults[column.field];
    const where = row && !row.isNew ? this.words("at", { row: row.number, column: column.label }) : this.words("newRow");
    place.textContent = fault ? `${where}: ${fault}` : where;
    place.className = fault ? "grid-fault" : "";
  }

  count() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      const { rows } = this.sheet;
      let cells = 0;
      let faulty = 0;
      let waiting = 0;
      for (const row of rows) {
        const count = Object.keys(row.faults).length;
        cells += count;
        if (count) faulty += 1;
        if (!row.isJudged) waiting += 1;
      }
      document.getElementById("grid-count").textContent = this.words("count", { count: rows.length });
      const faults = document.getElementById("grid-faults");
      if (cells) faults.textContent = this.words("faults", { cells, rows: faulty });
      else if (waiting) faults.textContent = this.words("checking", { rows: waiting });
      else faults.textContent = rows.length ? this.words("noFaults") : "";
      faults.className = cells ? "grid-fault" : "";
      this.addUp();
    });
  }

  // 隐藏统计项: the sums by income item of what stands in the table.
  addUp() {
    if (!this.totals.closest("details").open) return;
    const sums = new Map();
    const nothing = () => ({ lines: 0, income: 0n, reduction: 0n, withheld: 0n });
    const all = nothing();
    for (const { cells } of this.sheet.rows) {
      const item = this.codes.income_item.find(cells.income_item ?? "");
      if (!item) continue;
      if (!sums.has(item)) sums.set(item, nothing());
      for (const sum of [sums.get(item), all]) {
        sum.lines += 1;
        sum.income += (fen(cells.income ?? "") ?? 0n) + (fen(cells.income_foreign ?? "") ?? 0n);
        sum.reduction += fen(cells.tax_reduction ?? "") ?? 0n;
        sum.withheld += fen(cells.tax_withheld ?? "") ?? 0n;
      }
    }
    const rows = [...sums].sort(([one], [other]) => (one.code < other.code ? -1 : 1));
    this.totals.replaceChildren(
      ...rows.map(([item, sum]) => sumRow(item.label, sum)),
      sumRow(this.words("total"), all),
    );
  }
}

function sumRow(label, { lines, income, reduction, withheld }) {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = label;
  row.append(head);
  for (const text of [lines.toLocaleString("en"), yuanOfFen(income), yuanOfFen(reduction), yuanOfFen(withheld)]) {
    const cell = document.createElement("td");
    cell.className = "amount";
    cell.textContent = text;
    row.append(cell);
  }
  return row;
}
