// Makes elements. All text goes in as text: nothing here, or anywhere in the page, parses markup.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An element, as el('p.note', {id: 'a'}, 'text', child). Properties that begin with "on" are
 * listeners; those that are null, undefined or false are left out.
 */
export function el(what, properties = {}, ...children) {
  const [tag, ...classes] = what.split('.');
  return fill(document.createElement(tag), classes, properties, children);
}

/** The same for SVG. */
export function svg(what, properties = {}, ...children) {
  const [tag, ...classes] = what.split('.');
  return fill(document.createElementNS(SVG, tag), classes, properties, children);
}

function fill(element, classes, properties, children) {
  if (classes.length > 0) {
    element.classList.add(...classes);
  }
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else if (name === 'value' || name === 'checked') {
      element[name] = value;
    } else {
      element.setAttribute(name, value === true ? '' : value);
    }
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined));
  return element;
}

/** Puts these in place of all that an element has. */
export function put(element, ...children) {
  element.replaceChildren(...children.flat().filter(child => child !== null && child !== undefined));
  return element;
}

/** Sets an element's text, if it is not that already: so that a screen reader hears only news. */
export function say(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

const NEWS_MILLIS = 10_000;

/**
 * Has a screen reader say this, once and when it has said what it is saying; the same words twice are
 * two pieces of news. They go again: what stayed would be said anew after a dialog.
 */
export function announce(text) {
  const news = el('p', {}, text);
  document.getElementById('announce').append(news);
  setTimeout(() => news.remove(), NEWS_MILLIS);
}

/** Runs it when nothing has called for so long. */
export function debounce(run, millis) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, millis);
  };
}

let numbers = 0;

/**
 * Says what the keyboard is at in a drawing that has the focus: as the one thing in it that a screen
 * reader sees, and a new one each time, since a name that changes is not said by each of them.
 */
export function at(drawing, role, text, properties = {}) {
  // The one before stays for one more step: Orca loses its way when what it is at is gone before it has moved on.
  const before = [...drawing.querySelectorAll(`:scope > [role=${role}]`)].slice(0, -1);
  // Not as selected: Orca would go there when the drawing is made, whatever has the focus.
  const now = el('div.sr', {role, id: `at-${++numbers}`, ...properties}, text);
  drawing.append(now);
  drawing.setAttribute('aria-activedescendant', now.id);
  before.forEach(b => b.remove());
}

/**
 * Has an element have these, and changes no more of it than differs: who has the focus there, reads
 * there with a screen reader, or has opened something, stays where they are. What has the same
 * data-key is the same thing, wherever it comes to be, and keeps the listeners that it has.
 */
export function renew(element, ...children) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const fresh = element.cloneNode(false);
  put(fresh, ...children);
  become(element, fresh);
  if (focused !== null && focused !== document.activeElement) { // moved, or made anew
    const twin = focused.isConnected ? focused
      : focused.dataset.key === undefined ? null : element.querySelector(`[data-key="${CSS.escape(focused.dataset.key)}"]`);
    twin?.focus({preventScroll: true});
  }
}

function become(old, fresh) {
  for (const {name} of [...old.attributes]) {
    if (name !== 'open' && name !== 'tabindex' && !fresh.hasAttribute(name)) { // these two come later
      old.removeAttribute(name);
    }
  }
  for (const {name, value} of fresh.attributes) {
    if (old.getAttribute(name) !== value) {
      old.setAttribute(name, value);
    }
  }
  const keyed = new Map([...old.children].filter(c => c.dataset.key !== undefined).map(c => [c.dataset.key, c]));
  let at = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const twin = next.dataset?.key !== undefined ? keyed.get(next.dataset.key) : alike(at, next) ? at : undefined;
    keyed.delete(next.dataset?.key); // a second one of that key is another
    if (twin === undefined) {
      old.insertBefore(next, at);
      continue;
    }
    if (twin === at) {
      at = at.nextSibling;
    } else {
      old.insertBefore(twin, at);
    }
    if (next.nodeType === Node.ELEMENT_NODE) {
      become(twin, next);
    } else if (twin.data !== next.data) {
      twin.data = next.data;
    }
  }
  while (at !== null) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

/** Whether one may become the other: what is drawn, and what has a key, may not. */
function alike(old, next) {
  return old !== null && old.nodeName === next.nodeName && old.nodeName !== 'CANVAS' && old.dataset?.key === undefined;
}

/**
 * Says that a button is at work, or not any more. It keeps the focus meanwhile, which one that is
 * disabled would lose; who listens to it asks isBusy.
 */
export function busy(button, is, text) {
  is ? button.setAttribute('aria-disabled', 'true') : button.removeAttribute('aria-disabled');
  say(button, text);
}

export function isBusy(button) {
  return button.getAttribute('aria-disabled') === 'true';
}

/** A frame that the server wrote as "p com.acme.Order.quote(Order.java:57)". */
export function frame(text) {
  const whose = text.slice(0, 1);
  const rest = text.slice(2);
  const paren = rest.lastIndexOf('(');
  const call = paren < 0 ? rest : rest.slice(0, paren);
  const where = paren < 0 ? '' : rest.slice(paren);
  const method = call.lastIndexOf('.');
  const type = call.lastIndexOf('.', method - 1);
  return el(`li.frame.${whose}`, {},
    el('span.package', {}, call.slice(0, type + 1)), el('span.call', {}, call.slice(type + 1)), el('span.where', {}, where));
}

/**
 * A stack. The program's frames stand out; of what is above and below them only the call is shown
 * that the program makes, the rest is folded.
 */
export function stack(frames) {
  if (frames.length === 0) {
    return el('div.stack', {}, el('p.note', {}, 'No stack: this is no thread, or it has just ended.'));
  }
  const first = frames.findIndex(f => f.startsWith('p '));
  const last = frames.findLastIndex(f => f.startsWith('p '));
  if (first < 0) {
    return el('div.stack', {}, el('ol.frames', {}, frames.map(frame)));
  }
  const from = Math.max(0, first - 1);
  const fold = (list, start) => list.length === 0 ? null
    : el('details', {}, el('summary', {}, `${list.length} more of the JDK and Selvage`), el('ol.frames', {start: start + 1}, list.map(frame)));
  return el('div.stack', {},
    fold(frames.slice(0, from), 0),
    el('ol.frames', {start: from + 1}, frames.slice(from, last + 1).map(frame)),
    fold(frames.slice(last + 1), last + 1));
}

/** com.acme.Order.quote(Order.java:57) without its package. */
export function brief(site) {
  const paren = site.indexOf('(');
  const call = paren < 0 ? site : site.slice(0, paren);
  const method = call.lastIndexOf('.');
  const type = call.lastIndexOf('.', method - 1);
  return site.slice(type + 1);
}
