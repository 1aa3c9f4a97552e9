// The keys of a spreadsheet, while no cell is typed into; Esc and then Tab leaves the grid.

// `hands` is what grid.js lets others do to the draft. Returns what forgets an Esc.
export function useKeys(hands) {
  const { table, columns, status } = hands;
  const lastTyped = columns.findLastIndex(({ kind }) => kind !== "law");
  let isLeaving = false;

  function move(down, across, extend = false) {
    table.go(table.at.row + down, table.at.column + across, { extend });
  }

  // Tab goes on in the next line.
  function step(across) {
    let { row, column } = table.at;
    column += across;
    if (column < 0) [row, column] = row > 0 ? [row - 1, columns.length - 1] : [row, 0];
    if (column >= columns.length) {
      [row, column] = row < table.rows.length - 1 ? [row + 1, 0] : [row, columns.length - 1];
    }
    table.go(row, column);
  }

  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  table.element.addEventListener("keydown", (event) => {
    if (hands.isEditing() || event.altKey) return;
    const isCommand = event.ctrlKey || event.metaKey;
    const { row, column } = table.at;
    const last = table.rows.length - 1;
    const key = isCommand ? `Ctrl+${event.key.length === 1 ? event.key.toLowerCase() : event.key}` : event.key;
    if (event.key === "Tab" && isLeaving) return;
    const actions = {
      Tab: () => step(event.shiftKey ? -1 : 1),
      Enter: () => move(event.shiftKey ? -1 : 1, 0),
      F2: () => hands.edit(),
      F8: () => hands.nextFault(),
      Delete: () => hands.writeSelected(() => ""),
      Backspace: () => hands.writeSelected(() => ""),
      Home: () => table.go(row, 0, { extend: event.shiftKey }),
      End: () => table.go(row, columns.length - 1, { extend: event.shiftKey }),
      PageDown: () => move(table.pageOfRows(), 0, event.shiftKey),
      PageUp: () => move(-table.pageOfRows(), 0, event.shiftKey),
      "Ctrl+Home": () => table.go(0, 0, { extend: event.shiftKey }),
      "Ctrl+End": () => table.go(Math.max(sheetEnd(), 0), lastTyped, { extend: event.shiftKey }),
      "Ctrl+ArrowUp": () => table.go(0, column, { extend: event.shiftKey }),
      "Ctrl+ArrowDown": () => table.go(last, column, { extend: event.shiftKey }),
      "Ctrl+ArrowLeft": () => table.go(row, 0, { extend: event.shiftKey }),
      "Ctrl+ArrowRight": () => table.go(row, columns.length - 1, { extend: event.shiftKey }),
      "Ctrl+a": () => table.select(0, 0, Math.max(sheetEnd(), 0), columns.length - 1),
      "Ctrl+z": () => (event.shiftKey ? hands.commands.redo() : hands.commands.undo()),
      "Ctrl+y": () => hands.commands.redo(),
      "Ctrl+d": () => hands.commands.fill(),
      "Ctrl+s": () => hands.saving.send(),
    };
    if (event.key === "Escape") {
      isLeaving = true;
      status.say("leaving");
    } else if (moves[key]) {
      event.preventDefault();
      move(...moves[key], event.shiftKey);
    } else if (actions[key]) {
      event.preventDefault();
      actions[key]();
    } else if (!isCommand && (event.key.length === 1 || event.keyCode === 229 || event.key === "Process")) {
      // Not prevented: the key goes into the input, and so does what an input method begins with it.
      hands.edit({ isFresh: true });
    }
  });

  // The last line that is there, not the one that waits to be typed into.
  function sheetEnd() {
    return table.rows.length - (table.rows.at(-1)?.isNew ? 2 : 1);
  }

  table.element.addEventListener("dblclick", (event) => {
    if (!hands.isEditing() && table.placeOf(event.target)?.column >= 0) hands.edit();
  });

  return () => {
    isLeaving = false;
  };
}
