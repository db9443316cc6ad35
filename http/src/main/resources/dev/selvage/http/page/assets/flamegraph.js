// A flame graph on a canvas: callers above, what they call below. Mouse and keyboard; what a box
// says is told to a listener, and is what a screen reader finds in it.

import {at, el} from './dom.js';
import {colour} from './chart.js';
import * as format from './format.js';

const ROW = 19;
const MOST_ROWS = 500;
const LEAST_WIDTH = 0.4;

/** What is said where an arrow key leads nowhere. */
const END = {ArrowUp: 'nothing calls it', ArrowDown: 'it calls nothing', ArrowLeft: 'nothing is left of it', ArrowRight: 'nothing is right of it', Home: 'this is the whole'};

/**
 * The boxes of an answer of the server, as objects: with their children, and where they begin.
 * Callers are before what they call.
 */
export function grow(answer) {
  const boxes = answer.boxes.map(([parent, name, value, self]) => ({
    name: answer.names[name], whose: answer.whose[name], value, self, parent: null, children: [], depth: 0, left: 0, before: null, from: parent,
  }));
  for (const box of boxes) {
    if (box.from >= 0) {
      box.parent = boxes[box.from];
      box.depth = box.parent.depth + 1;
      box.left = box.parent.children.length === 0 ? box.parent.left : box.parent.next;
      box.parent.next = box.left + box.value;
      box.parent.children.push(box);
    }
  }
  return boxes;
}

/**
 * Tells each box what it was before, in another capture of the same kind.
 *
 * scale: what the earlier numbers are multiplied by. Returns what is gone: names with how much.
 */
export function compare(boxes, earlier, scale) {
  const twin = new Map();
  const met = new Set();
  for (const box of boxes) {
    const old = box.parent === null ? earlier[0] : twin.get(box.parent)?.children.find(c => c.name === box.name);
    if (old !== undefined) {
      twin.set(box, old);
      met.add(old);
    }
    box.before = old === undefined ? 0 : old.value * scale;
  }
  return earlier.filter(old => !met.has(old) && (old.parent === null || met.has(old.parent)))
    .map(old => ({name: old.name, value: old.value * scale}))
    .sort((a, b) => b.value - a.value);
}

export class FlameGraph {
  /** told: is given the box that is pointed at, or null, and what is to be said besides; returns what it says. */
  constructor({boxes, unit, told, label}) {
    this.boxes = boxes;
    this.unit = unit;
    this.told = told;
    this.zoomed = boxes[0];
    this.at = boxes[0];
    this.words = '';
    this.keyboard = false;
    this.canvas = el('canvas', {'aria-hidden': 'true'});
    // A tree: so that a screen reader leaves the arrow keys to it. Orca does not do so for an application.
    this.element = el('div.canvas.flame', {
      tabindex: '0', role: 'tree', 'aria-label': label,
      onkeydown: event => this.key(event),
      onfocus: () => { this.keyboard = true; this.go(this.at); },
      onblur: () => { this.keyboard = false; this.draw(); },
    }, this.canvas);
    this.canvas.addEventListener('mousemove', event => this.hover(event));
    this.canvas.addEventListener('mouseleave', () => this.point(this.keyboard ? this.at : null));
    this.canvas.addEventListener('click', event => {
      const box = this.hit(event);
      if (box !== null) {
        this.at = box;
        this.zoom(box);
      }
    });
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.element);
    this.here(this.told(this.at, this.around(this.at)));
  }

  /** Has the keyboard's user hear a text about the box that is chosen. */
  here(text) {
    const siblings = this.at.parent === null ? [this.at] : this.at.parent.children;
    at(this.element, 'treeitem', text,
      {'aria-level': this.at.depth + 1, 'aria-posinset': siblings.indexOf(this.at) + 1, 'aria-setsize': siblings.length});
  }

  go(box) {
    this.at = box;
    this.pointed = box;
    this.here(this.told(box, this.around(box)));
    this.draw();
  }

  destroy() {
    this.observer.disconnect();
  }

  whole() {
    this.at = this.boxes[0];
    this.zoom(this.boxes[0]);
  }

  zoom(box) {
    this.zoomed = box;
    this.draw();
    this.here(this.told(box, box === this.boxes[0] ? 'the whole is shown' : 'shown closer'));
  }

  /** Marks what has the words in its name; how much that is together, and in how many boxes. */
  search(words) {
    this.words = words.toLowerCase();
    this.draw();
    if (this.words === '') {
      return null;
    }
    const hits = this.boxes.filter(b => this.isHit(b));
    const value = hits.filter(b => !this.above(b).some(a => this.isHit(a))).reduce((sum, b) => sum + b.value, 0);
    return {value, boxes: hits.length};
  }

  isHit(box) {
    return this.words !== '' && box.name.toLowerCase().includes(this.words);
  }

  above(box) {
    const all = [];
    for (let b = box.parent; b !== null; b = b.parent) {
      all.push(b);
    }
    return all;
  }

  // --------------- Drawing ---------------

  draw() {
    const width = this.element.clientWidth - 8;
    if (width <= 0) {
      return;
    }
    const deepest = this.boxes.reduce((most, b) => this.isShown(b) ? Math.max(most, b.depth) : most, 0);
    const rows = Math.min(MOST_ROWS, deepest + 1);
    const ratio = window.devicePixelRatio || 1;
    const height = rows * ROW;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    this.canvas.style.height = `${height}px`;
    const to = this.canvas.getContext('2d');
    to.scale(ratio, ratio);
    to.font = '12px system-ui, "DejaVu Sans", sans-serif';
    to.textBaseline = 'middle';
    const paint = {
      p: colour('flame-program'), j: colour('flame-jdk'), s: colour('flame-selvage'), hit: colour('flame-hit'),
      ink: colour('flame-ink'), more: colour('more'), less: colour('less'), panel: colour('panel'), accent: colour('accent'), plain: colour('flame-jdk'),
    };
    this.placed = [];
    for (const box of this.boxes) {
      if (!this.isShown(box) || box.depth >= MOST_ROWS) {
        continue;
      }
      const within = this.isAbove(box) ? [0, width] : this.place(box, width);
      const [x, w] = within;
      if (w < LEAST_WIDTH) {
        continue;
      }
      this.placed.push({box, x, w});
      this.one(to, box, x, w, paint);
    }
  }

  one(to, box, x, w, paint) {
    const y = box.depth * ROW;
    to.globalAlpha = this.isAbove(box) && box !== this.zoomed ? 0.5 : 1;
    to.fillStyle = this.isHit(box) ? paint.hit : box.before === null ? paint[box.whose] : paint.plain;
    to.fillRect(x, y, Math.max(w - 0.6, LEAST_WIDTH), ROW - 1);
    const change = this.change(box);
    if (change !== 0 && !this.isHit(box)) {
      // Stronger, the larger the part of it that came or went: what is new, and what halved, stands out.
      to.globalAlpha *= Math.min(1, 0.25 + 1.5 * Math.abs(change) / Math.max(box.value, box.before));
      to.fillStyle = change > 0 ? paint.more : paint.less;
      to.fillRect(x, y, Math.max(w - 0.6, LEAST_WIDTH), ROW - 1);
    }
    to.globalAlpha = 1;
    if (w > 28) {
      to.fillStyle = paint.ink;
      to.save();
      to.beginPath();
      to.rect(x, y, w - 3, ROW);
      to.clip();
      const sign = change > 0 ? '▲ ' : change < 0 ? '▼ ' : '';
      to.fillText(sign + shortName(box.name), x + 4, y + ROW / 2);
      to.restore();
    }
    if (box === this.pointed || (this.keyboard && box === this.at)) {
      to.strokeStyle = paint.accent;
      to.lineWidth = 2;
      to.strokeRect(x + 1, y + 1, Math.max(1, w - 2.6), ROW - 3);
    }
  }

  change(box) {
    return box.before === null ? 0 : box.value - box.before;
  }

  /** In the zoomed part, or above it. */
  isShown(box) {
    const z = this.zoomed;
    return box.left < z.left + z.value && box.left + box.value > z.left && (box.depth > z.depth || this.isAbove(box));
  }

  isAbove(box) {
    return box === this.zoomed || (box.depth < this.zoomed.depth && box.left <= this.zoomed.left && box.left + box.value >= this.zoomed.left + this.zoomed.value);
  }

  place(box, width) {
    const scale = width / Math.max(1, this.zoomed.value);
    return [(box.left - this.zoomed.left) * scale, box.value * scale];
  }

  // --------------- Pointing ---------------

  hit(event) {
    const bounds = this.canvas.getBoundingClientRect();
    const x = event.clientX - bounds.left;
    const row = Math.floor((event.clientY - bounds.top) / ROW);
    return this.placed?.find(p => p.box.depth === row && x >= p.x && x < p.x + p.w)?.box ?? null;
  }

  hover(event) {
    const box = this.hit(event);
    if (box !== this.pointed) {
      this.point(box);
    }
  }

  point(box) {
    this.pointed = box;
    this.told(box);
    this.draw();
  }

  /** Where the arrow keys lead to from here: who sees it need not be told. */
  around(box) {
    const siblings = box.parent === null ? [box] : box.parent.children;
    const among = siblings.length < 2 ? [] : [`${siblings.indexOf(box) + 1} of ${siblings.length} side by side`];
    return [...among, box.children.length === 0 ? END.ArrowDown : `calls ${box.children.length}`].join(', ');
  }

  key(event) {
    const here = this.at;
    const siblings = here.parent === null ? [here] : here.parent.children;
    const i = siblings.indexOf(here);
    const next = {
      ArrowUp: here.parent,
      ArrowDown: [...here.children].sort((a, b) => b.value - a.value)[0],
      ArrowLeft: siblings[i - 1],
      ArrowRight: siblings[i + 1],
      Home: this.boxes[0],
    }[event.key];
    if (event.key === 'Enter' || event.key === ' ') {
      this.zoom(here);
    } else if (event.key === 'Escape') {
      this.whole();
    } else if (['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Home'].includes(event.key)) {
      if (next !== undefined && next !== null) {
        if (!this.isShown(next)) {
          this.zoomed = next.parent ?? next;
        }
        this.go(next);
      } else {
        this.here(this.told(here, END[event.key]));
      }
    } else {
      return;
    }
    event.preventDefault();
  }

  /** What a box says, in one line. */
  describe(box) {
    const all = this.boxes[0].value;
    const words = [`${box.name}: ${format.amount(box.value, this.unit)}, ${format.percent(box.value, all)}`];
    if (box.self > 0) {
      words.push(`itself ${format.amount(box.self, this.unit)}, ${format.percent(box.self, all)}`);
    }
    if (box.before !== null) {
      const change = this.change(box);
      words.push(`before ${format.amount(box.before, this.unit)}, so ${change >= 0 ? '+' : '−'}${format.amount(Math.abs(change), this.unit)}`);
    }
    return words.join('; ');
  }
}

/** Order.quote of com.acme.Order.quote. */
function shortName(name) {
  if (name.startsWith('[')) {
    return name;
  }
  const method = name.lastIndexOf('.');
  return name.slice(name.lastIndexOf('.', method - 1) + 1);
}
