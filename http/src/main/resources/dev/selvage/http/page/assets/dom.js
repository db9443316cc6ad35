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
