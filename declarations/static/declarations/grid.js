// 表格编辑: what is done to the draft. grid_sheet.js holds it, grid_saving.js saves it, grid_table.js
// shows it; grid_keys.js, grid_clipboard.js and grid_editing.js are the hands.

import { Codes, tidied } from "./grid_cells.js";
import { useClipboard } from "./grid_clipboard.js";
import { Dialogs } from "./grid_dialogs.js";
import { Editing } from "./grid_editing.js";
import { useKeys } from "./grid_keys.js";
import { Saving } from "./grid_saving.js";
import { newId, newRow, Sheet } from "./grid_sheet.js";
import { Status } from "./grid_status.js";
import { Table } from "./grid_table.js";

const setup = JSON.parse(document.getElementById("grid-setup").textContent);
const page = document.getElementById("grid-editor");
const columns = setup.columns;
const typed = columns.filter((column) => column.kind !== "law");
const codes = Object.fromEntries(Object.entries(setup.codes).map(([field, list]) => [field, new Codes(list)]));
for (const { field, kind } of columns) if (kind === "yes_no") codes[field] = new Codes(setup.yesNo);

function say(name, values = {}) {
  return setup.texts[name].replace(/%\((\w+)\)s/g, (_, key) => {
    const value = values[key];
    return typeof value === "number" ? value.toLocaleString("en") : value;
  });
}

// On a narrow screen the page points to the lines' own pages instead, and nothing is read.
const isWide = window.matchMedia("(min-width: 768px)");
if (!isWide.matches) {
  await new Promise((resolve) => isWide.addEventListener("change", resolve, { once: true }));
}
page.hidden = false;
const sheet = new Sheet(typed);
const status = new Status(page, sheet, columns, codes, say);
const saving = new Saving(sheet, page, {
  report: (state, details) => status.report(state, details),
  judge,
  clash,
});
saving.rowsARequest = setup.rowsARequest;
const table = new Table(document.getElementById("grid"), columns, codes, {
  say,
  ready: start,
  isDense: setup.isDense,
});
const dialogs = new Dialogs(page, { columns, codes, say });
let editing;
let onlyFaulty = false;

async function start() {
  editing = new Editing(table, { say, limit: setup.typedLimit, finish: typeOver, cancel: focus });
  table.isMoving = () => {
    forgetEscape();
    status.place(table);
  };
  table.tabulator.on("columnResized", (column) => keepLook({ [column.getField()]: column.getWidth() }));
  try {
    await load();
  } catch {
    status.say("loadFailed");
    return;
  }
  const wanted = /^#line-(\d+)$/.exec(location.hash);
  if (wanted) table.go(Number(wanted[1]) - 1, 0);
  status.place(table);
  page.dataset.state = "ready";
  dialogs.watchSession(saving, setup.idleMinutes);
}

async function load() {
  sheet.load(await saving.load());
  page.querySelector("[data-do=unimport]").hidden = !saving.imported;
  await show();
  saving.check(sheet.rows.map((row) => row.id));
}

// --- What is shown ---

function shownRows() {
  if (onlyFaulty) return sheet.rows.filter((row) => Object.keys(row.faults).length);
  const rows = sheet.rows.slice();
  if (rows.length < setup.maxLines) rows.push(Object.assign(newRow(newId()), { isNew: true }));
  return rows;
}

async function show() {
  await table.show(shownRows());
  status.count();
}

function focus() {
  table.focus();
}

function judge(lines) {
  for (const { id, faults, law } of lines) {
    const row = sheet.byId.get(id);
    if (!row || !sheet.isAsKept(id)) continue;
    row.faults = {};
    for (const [field, , sentence] of faults) {
      // What is wrong with something that has no column stands at the line's first.
      const shown = typed.some((column) => column.field === field) ? field : typed[0].field;
      row.faults[shown] = row.faults[shown] ? `${row.faults[shown]}; ${sentence}` : sentence;
    }
    row.law = law;
    row.isJudged = true;
  }
  table.paint();
  status.count();
  status.place(table);
}

// Two windows changed the draft: show both values where they differ, and let the clerk choose.
async function clash(lines) {
  if (editing.isOpen) editing.stop();
  const conflicts = sheet.merge(lines);
  await show();
  if (conflicts.length) {
    for (const [conflict, choice] of await dialogs.askWhich(conflicts)) {
      sheet.settle(conflict, choice, conflict.theirs);
    }
    await show();
    focus();
  }
  status.say("merged");
  saving.check(sheet.rows.filter((row) => !row.isJudged).map((row) => row.id));
}

// --- Changing the draft ---

// Do a step, show it, have it saved. `rows` were changed in place.
async function take(step) {
  for (const [row, field, , after] of step.cells) {
    row.isJudged = false;
    delete row.faults[field];
    row.law = {};
    if (!after) row.tidied?.delete(field);
  }
  sheet.do(step);
  await changed(step);
}

async function changed(step) {
  if (step.inserted.length || step.deleted.length) await show();
  else table.paint();
  status.count();
  status.place(table);
  saving.toJudge.push(...sameOnesAs(step));
  saving.wake();
}

// What the law makes of a person's line depends on the person's other lines.
function sameOnesAs({ cells, inserted, deleted }) {
  const rows = new Set([...cells, ...inserted.map(([, row]) => [row]), ...deleted.map(([, row]) => [row])].map(([row]) => row));
  const numbers = new Set([...rows].map((row) => row.cells.document_number));
  for (const [, field, before] of cells) if (field === "document_number") numbers.add(before);
  numbers.delete(undefined);
  numbers.delete("");
  return sheet.rows.filter((row) => numbers.has(row.cells.document_number) && !rows.has(row)).map(({ id }) => id);
}

// Texts into a block of cells, beginning at a row and column of what is shown: below the last line
// new ones begin. `fields` name the column of each text of a row, none where there is nothing to
// write to. Returns what was written, or null if there are too many lines.
async function write(block, top, fields) {
  const step = { cells: [], inserted: [], deleted: [] };
  const outcome = { appended: 0, tidied: [], locked: 0 };
  const there = table.rows.filter((row) => !row.isNew);
  const extra = Math.max(0, top + block.length - there.length);
  if (sheet.rows.length + extra > setup.maxLines) return null;
  block.forEach((texts, down) => {
    let row = there[top + down];
    const isNew = !row;
    if (isNew) {
      row = newRow(newId());
      step.inserted.push([sheet.rows.length + outcome.appended, row]);
      outcome.appended += 1;
    }
    texts.forEach((text, across) => {
      const column = fields[across];
      if (!column) return;
      if (column.kind === "law") {
        if (text.trim()) outcome.locked += 1;
        return;
      }
      const after = put(row, column, text, outcome);
      const before = row.cells[column.field] ?? "";
      if (isNew) {
        if (after) row.cells[column.field] = after;
      } else if (after !== before) step.cells.push([row, column.field, before, after]);
    });
  });
  await take(step);
  return outcome;
}

// How a typed text is kept; what was changed about it is remembered, to be shown.
function put(row, column, text, outcome) {
  let after = tidied(column.kind, text);
  if (after.length > setup.typedLimit) {
    after = after.slice(0, setup.typedLimit);
    outcome.cut = true;
  }
  const plain = text.trim();
  const isAmount = column.kind === "amount";
  if (after && after !== plain && !(isAmount && after.replace(/\.?0*$/, "") === plain.replaceAll(",", "").replace(/\.?0*$/, ""))) {
    row.tidied ??= new Map();
    row.tidied.set(column.field, say("tidiedOne", { before: text.trim(), after }));
    outcome.tidied.push([text.trim(), after]);
  } else row.tidied?.delete(column.field);
  return after;
}

async function typeOver(rowAt, column, text, [down, across], { now = false } = {}) {
  focus();
  const before = table.rows[rowAt]?.cells[column.field] ?? "";
  if (table.rows[rowAt] && (text !== before || table.rows[rowAt].isNew) && (text || before)) {
    const outcome = await write([[text]], rowAt, [column]);
    if (outcome === null) status.say("tooManyRows", { most: setup.maxLines });
    else tellTidied(outcome);
  }
  if (down || across) table.go(table.at.row + down, table.at.column + across);
  if (now) saving.send();
}

function tellTidied({ tidied: cells, cut }) {
  if (cut) status.say("cut", { most: setup.typedLimit });
  else if (cells.length === 1) status.say("tidiedOne", { before: cells[0][0], after: cells[0][1] });
  else if (cells.length) status.say("tidied", { cells: cells.length });
}

function selectedRows() {
  const { top, bottom } = table.selection();
  return table.rows.slice(top, bottom + 1).filter((row) => !row.isNew);
}

function selectedColumns() {
  const { left, right } = table.selection();
  return columns.slice(left, right + 1);
}

async function writeSelected(textOf) {
  const cells = [];
  for (const row of selectedRows()) {
    for (const column of selectedColumns()) {
      if (column.kind === "law") continue;
      const before = row.cells[column.field] ?? "";
      const after = textOf(row, column);
      if (after !== before) cells.push([row, column.field, before, after]);
    }
  }
  await take({ cells, inserted: [], deleted: [] });
  return cells.length;
}

const commands = {
  async append() {
    await addRow(sheet.rows.length);
  },
  async insert() {
    const row = table.rows[table.selection().top];
    await addRow(row && !row.isNew ? row.number - 1 : sheet.rows.length);
  },
  async remove() {
    const deleted = selectedRows().map((row) => [row.number - 1, row]);
    if (!deleted.length) return;
    await take({ cells: [], inserted: [], deleted });
    table.go(table.selection().top, table.at.column);
    status.say("deleted", { rows: deleted.length });
  },
  async fill() {
    const { top } = table.selection();
    const first = table.rows[top];
    if (!first) return;
    status.say("filled", { cells: await writeSelected((_, column) => first.cells[column.field] ?? "") });
  },
  async bulk() {
    const answer = await dialogs.askBulk(typed, columns[table.at.column]);
    focus();
    if (!answer) return;
    const rows = answer.scope === "shown" ? table.rows.filter((row) => !row.isNew) : selectedRows();
    const cells = [];
    const outcome = { tidied: [] };
    for (const row of rows) {
      const before = row.cells[answer.column.field] ?? "";
      const after = put(row, answer.column, answer.text, outcome);
      if (after !== before) cells.push([row, answer.column.field, before, after]);
    }
    await take({ cells, inserted: [], deleted: [] });
    status.say("filled", { cells: cells.length });
  },
  async undo() {
    await back(sheet.undo(), "undone", "nothingToUndo");
  },
  async redo() {
    await back(sheet.redo(), "redone", "nothingToRedo");
  },
  async faulty(button) {
    onlyFaulty = !onlyFaulty;
    button.setAttribute("aria-pressed", String(onlyFaulty));
    await show();
    table.go(0, 0);
    focus();
  },
  next() {
    nextFault();
  },
  async unimport() {
    document.getElementById("grid-import-time").textContent = say("importOf", { time: saving.imported });
    if ((await dialogs.show("unimport")) !== "do") return;
    await saving.send();
    const outcome = await saving.undoImport();
    if (!outcome) return;
    await load();
    status.say("importTakenBack", outcome);
    focus();
  },
  wider() {
    widen(24);
  },
  narrower() {
    widen(-24);
  },
  async dense(button) {
    setup.isDense = !setup.isDense;
    button.setAttribute("aria-pressed", String(setup.isDense));
    await table.setDense(setup.isDense);
    keepLook({});
  },
  keys() {
    dialogs.show("keys");
  },
  retry() {
    saving.send();
  },
};

// Without dragging: the columns that are selected.
function widen(by) {
  const widths = {};
  for (const column of selectedColumns()) {
    table.widen(column, by);
    widths[column.field] = table.width(column);
  }
  table.paint();
  keepLook(widths);
}

function keepLook(widths) {
  const known = Object.entries(widths).filter(([field]) => columns.some((column) => column.field === field));
  saving.keepLook({ widths: Object.fromEntries(known.map(([field, width]) => [field, Math.round(width)])), isDense: setup.isDense });
}

async function addRow(place) {
  if (sheet.rows.length >= setup.maxLines) {
    status.say("tooManyRows", { most: setup.maxLines });
    return;
  }
  if (onlyFaulty) await commands.faulty(page.querySelector("[data-do=faulty]"));
  await take({ cells: [], inserted: [[place, newRow(newId())]], deleted: [] });
  table.go(place, 0);
  focus();
}

async function back(step, done, nothing) {
  if (!step) {
    status.say(nothing);
    return;
  }
  for (const [row] of step.cells) {
    row.faults = {};
    row.law = {};
    row.isJudged = false;
  }
  await changed(step);
  status.say(done);
}

function nextFault() {
  const { rows, at } = table;
  for (let step = 0; step <= rows.length; step++) {
    const rowAt = (at.row + step) % rows.length;
    const row = rows[rowAt];
    if (!Object.keys(row.faults).length) continue;
    const column = columns.findIndex(
      ({ field }, place) => row.faults[field] && (step > 0 || place > at.column),
    );
    if (column >= 0) {
      table.go(rowAt, column);
      focus();
      return;
    }
    if (step === rows.length) break;
  }
  // Only what stands before the cursor in its own line is left.
  const here = columns.findIndex(({ field }) => rows[at.row]?.faults[field]);
  if (here >= 0) {
    table.go(at.row, here);
    focus();
  } else status.say("noFaultFound");
}

// --- The cell at the keyboard ---

function edit(options = {}) {
  const { row, column } = table.at;
  const shown = table.rows[row];
  if (!shown) return;
  if (columns[column].kind !== "law") editing.begin(row, column, options);
  else if (options.isFresh || !sheet.kept.has(shown.id)) status.say("locked");
  else dialogs.explain(`${page.dataset.lines}${shown.id}/law/`).then(focus);
}

const hands = {
  table,
  sheet,
  saving,
  setup,
  columns,
  commands,
  say,
  status,
  edit,
  write,
  writeSelected,
  selectedRows,
  selectedColumns,
  nextFault,
  isEditing: () => !editing || editing.isOpen,
};
useClipboard(hands);
const forgetEscape = useKeys(hands);

page.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button && editing) commands[button.dataset.do](button);
});

window.addEventListener("beforeunload", (event) => {
  if (!sheet.isSaved()) event.preventDefault();
});
