// Presets and cards. value: {presets: [id, or a whole preset], look: {category: [term]}, over}, and of a recipe that was
// taken in its loras: [{file, sha256, expert, strength}] and quick. Clicks change the value at once; what is greyed and why comes back from the studio with the outlook.
const { say, pick, translate, address, make, kept, keep, whole } = window.rushes;
translate(element);
const $ = selector => element.querySelector(selector);
const cards = new Map();     // "category=term" → card
const chips = new Map();     // preset id → chip
const carried = new Map();   // the same, of presets that are not on the shelf but came with a recipe, or only their ids did
const tabs = new Map();      // category → tab
const texts = new Map();     // preset id → what a search looks through
let catalogue = null, answer = {};

const idOf = preset => preset.id || preset;
const picked = id => ((props.value || {}).presets || []).some(each => idOf(each) === id);
const chosen = category => ((props.value || {}).look || {})[category] || [];
function put(change) {
  props.value = { presets: [], look: {}, over: false, ...(props.value || {}), ...change };
  paint();
}
function toggle(category, term) {
  const limit = catalogue.categories[category].limit, before = chosen(category);
  const after = before.includes(term) ? before.filter(id => id !== term) : [...before, term].slice(-limit);
  const look = { ...(props.value || {}).look, [category]: after };
  if (!after.length) delete look[category];
  put({ look });
}
function togglePreset(id) {
  const before = (props.value || {}).presets || [];
  put({ presets: picked(id) ? before.filter(each => idOf(each) !== id) : [...before, id] });
}
function still(source, width, height) {
  const image = make('img');
  image.alt = ''; image.width = width; image.height = height; image.loading = 'lazy'; image.decoding = 'async'; image.src = source;
  return image;
}
function card(category, term) {
  const node = make('button', term.picture ? 'card' : 'chip');
  node.type = 'button';
  node.setAttribute('role', catalogue.categories[category].limit === 1 ? 'radio' : 'checkbox');
  node.dataset.category = category; node.dataset.term = term.id;
  if (term.picture) node.append(still(address(term.picture), 96, 60));
  node.append(make('span', '', pick(term.name)));
  node.title = pick(term.full);
  cards.set(category + '=' + term.id, node);
  return node;
}
function deck(category) {
  const entry = catalogue.categories[category];
  const node = make('div', entry.terms.some(term => term.picture) ? 'cards' : 'chips');
  node.setAttribute('role', entry.limit === 1 ? 'radiogroup' : 'group');
  node.setAttribute('aria-label', pick(entry.name));
  node.dataset.category = category;
  node.append(...entry.terms.map(term => card(category, term)));
  return node;
}
// A group with several categories shows one of them at a time, behind tabs that tell what is chosen.
function group(name, categories) {
  const node = make('section', 'group'), head = make('h3'), row = make('div', 'tabs');
  node.dataset.group = name;
  const decks = categories.map(deck);
  const show = wanted => {
    decks.forEach(each => { each.hidden = each.dataset.category !== wanted; });
    categories.forEach(each => tabs.get(each).setAttribute('aria-pressed', String(each === wanted)));
    keep('rushes-tab-' + name, wanted);
    paint();
  };
  categories.forEach(each => {
    const tab = make('button', 'tab');
    tab.type = 'button';
    tab.append(make('span', 'tabname', pick(catalogue.categories[each].name)), make('span', 'picked'));
    tab.addEventListener('click', () => show(each));
    tabs.set(each, tab);
  });
  node.setAttribute('aria-label', say(name));
  if (categories.length > 1) { row.append(...categories.map(each => tabs.get(each))); head.append(row, make('span', 'picked why groupwhy')); }
  else head.append(make('span', '', say(name)), tabs.get(categories[0]).querySelector('.picked'));
  node.append(head, ...decks);
  const last = kept('rushes-tab-' + name);
  show(categories.includes(last) ? last : categories[0]);
  return node;
}
function more(categories) {
  const fold = make('details', 'group more'), summary = make('summary', '', say('more'));
  summary.append(make('span', 'picked'));
  fold.append(summary);
  categories.forEach(each => {
    const head = make('h4', '', pick(catalogue.categories[each].name));
    head.append(make('span', 'picked'));
    tabs.set(each, head);
    fold.append(head, deck(each));
  });
  return fold;
}
function preset(entry, shelf = chips) {
  const node = make('button', 'chip preset');
  node.type = 'button';
  node.setAttribute('role', 'checkbox');
  node.dataset.preset = entry.id;
  if (entry.picture) node.append(still(address(entry.picture) + '?' + entry.drawn, 120, 75));
  node.append(make('span', '', pick(entry.name)));
  node.title = pick(entry.about) || pick(entry.name);
  node.addEventListener('click', () => togglePreset(entry.id));
  shelf.set(entry.id, node);
  return node;
}
// Searching looks through names, descriptions, tags and the terms a preset is made of, in both languages.
function told(entry) {
  const terms = Object.entries(entry.look || {}).flatMap(([category, ids]) => catalogue.categories[category].terms.filter(term => ids.includes(term.id)));
  const words = [entry.name, entry.about, ...terms.map(term => term.full)].flatMap(each => each ? [each.en, each.zh] : []);
  return [...words, ...(entry.tags || [])].join(' ').toLowerCase();
}
const query = { use: '', words: '' };
function seek(change = {}) {
  Object.assign(query, change);
  const words = query.words.toLowerCase().split(/\s+/).filter(Boolean), narrowed = Boolean(query.use || words.length);
  let count = 0;
  for (const entry of catalogue.presets) {
    const fits = (!query.use || entry.tags.includes(query.use)) && words.every(word => texts.get(entry.id).includes(word));
    chips.get(entry.id).hidden = !fits;
    count += fits;
  }
  element.querySelectorAll('.uses button').forEach(node => node.setAttribute('aria-pressed', String(node.dataset.use === query.use)));
  $('.found .count').textContent = !narrowed ? '' : count ? say('presets_found', { n: count }) : say('presets_found_none');
  $('.found .all').hidden = !narrowed || count < 2;
  $('.found .all').textContent = say('presets_all', { n: count });
  paint();
}
function filters(uses) {
  return ['', ...uses].map(use => {
    const node = make('button', 'tab', say(use ? 'use_' + use.replaceAll('-', '_') : 'use_any'));
    node.type = 'button';
    node.dataset.use = use;
    node.addEventListener('click', () => { seek({ use }); $('.presets .chips').scrollTo({ left: 0, top: 0 }); });
    return node;
  });
}
const shown = () => [...chips].filter(([, node]) => !node.hidden).map(([id]) => id);
function carry(documents) {
  const box = $('.presets .chips'), wanted = documents.filter(each => !chips.has(each.id));
  for (const [id, node] of carried) if (!wanted.some(each => each.id === id)) { node.remove(); carried.delete(id); }
  wanted.filter(each => !carried.has(each.id)).forEach(each => box.prepend(preset({ ...each, picture: null }, carried)));
}
// The LoRAs that came with a recipe, on top of those of its presets; a click takes one away. Drawn anew only where they
// are others, so that the focus stays.
let worn = '[]';
function wear(loras) {
  if (worn === JSON.stringify(loras)) return;
  worn = JSON.stringify(loras);
  $('.worn').hidden = !loras.length;
  $('.worn .chips').replaceChildren(...loras.map(lora => {
    const name = lora.file.replace(/\.safetensors$/, ''), node = make('button', 'chip');
    node.type = 'button';
    node.title = say('lora_remove', { name });
    node.setAttribute('aria-label', node.title);
    const expert = lora.expert === 'both' ? '' : say('lora_' + lora.expert);
    const strength = lora.strength === 1 ? '' : String(lora.strength).replace('-', '−');
    node.append(make('span', 'file', name), make('span', 'worth', [expert, strength].filter(Boolean).join(' · ')), make('span', 'away', '×'));
    node.addEventListener('click', () => put({ loras: loras.filter(each => each !== lora) }));
    return node;
  }));
}
function paint() {
  if (!catalogue || !$('.more')) return;
  const value = props.value || {}, greyed = answer.greyed || {}, brought = new Set((answer.from_presets || []).map(pair => pair.join('=')));
  // An id that nobody knows any more is drawn too, so that it can be taken away.
  const documents = (value.presets || []).filter(each => each.id || !chips.has(each)).map(each => each.id ? each : { id: each, name: { en: each } });
  const known = new Map([...catalogue.presets, ...documents].map(each => [each.id, each]));
  carry(documents);
  window.rushes.looks = value;
  const names = (value.presets || []).map(each => pick(known.get(idOf(each)).name));
  $('.presets .picked').textContent = $('.presets .picked').title = names.join(' · ');
  for (const [id, node] of [...chips, ...carried]) node.setAttribute('aria-checked', String(picked(id)));
  $('.found .clear').hidden = !names.length;
  wear(value.loras || []);
  for (const [key, node] of cards) {
    const { category, term } = node.dataset, reason = greyed[category];
    node.setAttribute('aria-checked', String(chosen(category).includes(term)));
    node.classList.toggle('brought', brought.has(key));
    node.classList.toggle('greyed', Boolean(reason));
  }
  for (const category in catalogue.categories) {
    const names = catalogue.categories[category].terms.filter(term => chosen(category).includes(term.id)).map(term => pick(term.name));
    const reason = greyed[category], mark = tabs.get(category)?.querySelector('.picked') || $('[data-group="tone"] .picked');
    if (!mark) continue;
    mark.textContent = reason ? say('reason_' + reason.replace('-', '_')) : names.join(' · ');
    mark.classList.toggle('why', Boolean(reason));
    const tab = tabs.get(category);
    if (tab) { tab.classList.toggle('has', names.length > 0); tab.title = mark.textContent; }
  }
  element.querySelectorAll('.groupwhy').forEach(mark => {
    const reason = greyed[mark.closest('.group').querySelector('[data-category]:not([hidden])').dataset.category];
    mark.textContent = mark.title = reason ? say('reason_' + reason.replace('-', '_')) : '';
  });
  const folded = catalogue.groups.more.flatMap(category => chosen(category));
  $('.more summary .picked').textContent = folded.length ? String(folded.length) : '';
  const decides = Object.values(greyed).includes('picture') || Boolean(value.over && answer.crop);
  $('.decides').hidden = !decides;
  $('.over').checked = Boolean(value.over);
  element.querySelectorAll('[role=radiogroup], [role=group]').forEach(box => {
    const all = choices(box), on = all.find(node => node.getAttribute('aria-checked') === 'true') || all[0];
    all.forEach(node => { node.tabIndex = node === on ? 0 : -1; });
  });
}
element.addEventListener('click', event => {
  const node = event.target.closest('[data-term]');
  if (node) toggle(node.dataset.category, node.dataset.term);
});
const choices = box => [...box.querySelectorAll('[role=radio], [role=checkbox]')].filter(node => !node.hidden);
// The next choice the way the arrow points, as it lies on the screen; past an end, the next in order.
function neighbour(all, node, key) {
  const middle = each => { const at = each.getBoundingClientRect(); return [at.left + at.width / 2, at.top + at.height / 2]; };
  const [x, y] = middle(node), forwards = key === 'ArrowRight' || key === 'ArrowDown', upright = key === 'ArrowUp' || key === 'ArrowDown';
  let next = null, least = Infinity;
  for (const each of all) {
    const [left, top] = middle(each), along = (upright ? top - y : left - x) * (forwards ? 1 : -1), aside = Math.abs(upright ? left - x : top - y);
    if (along > 4 && along + 3 * aside < least) { least = along + 3 * aside; next = each; }
  }
  return next || all[(all.indexOf(node) + (forwards ? 1 : -1) + all.length) % all.length];
}
element.addEventListener('keydown', event => {
  const node = event.target.closest('[role=radio], [role=checkbox]');
  if (!node || !event.key.startsWith('Arrow')) return;
  event.preventDefault();
  const all = choices(node.parentElement), next = neighbour(all, node, event.key);
  all.forEach(each => { each.tabIndex = each === next ? 0 : -1; });
  next.focus();
});
const unfold = open => {
  $('.presets').classList.toggle('open', open);
  $('.unfold').setAttribute('aria-expanded', String(open));
  $('.unfold').textContent = open ? say('fewer') : say('show_all', { n: catalogue.presets.length });
};
$('.unfold').addEventListener('click', () => unfold(!$('.presets').classList.contains('open')));
$('.seek').addEventListener('input', event => seek({ words: event.target.value }));
$('.found .all').addEventListener('click', () => {
  const before = (props.value || {}).presets || [];
  put({ presets: [...before, ...shown().filter(id => !picked(id))] });
});
$('.found .clear').addEventListener('click', () => put({ presets: [] }));
$('.over').addEventListener('change', event => put({ over: event.target.checked }));
document.addEventListener('rushes-outlook', event => { answer = event.detail; paint(); });
document.addEventListener('rushes-remove', event => {
  const { origin, source } = event.detail;
  if (origin === 'preset') togglePreset(source);
  else { const [category, term] = source.split('='); toggle(category, term); }
});
watch('value', paint);
// The shelf of presets; drawn anew where the Presets page has changed it.
function stock(all) {
  catalogue = all;
  chips.clear(); carried.clear(); texts.clear();
  all.presets.forEach(each => texts.set(each.id, told(each)));
  $('.presets .chips').replaceChildren(...(all.presets.length ? all.presets.map(each => preset(each)) : [make('span', 'none', say('presets_none'))]));
  $('.uses').replaceChildren(...filters(all.uses));
  const wrong = all.preset_problem;
  $('.presets .wrong').textContent = wrong ? whole(wrong) : '';
  unfold($('.presets').classList.contains('open'));
  $('.unfold').hidden = $('.seek').hidden = $('.uses').hidden = all.presets.length < 4;
}
document.addEventListener('rushes-presets', async () => {
  const all = await server.cards({});
  if (!all) return;
  stock(all);
  const before = (props.value || {}).presets || [], here = before.filter(each => each.id || chips.has(each));
  if (here.length < before.length) put({ presets: here });
  else if (here.length) trigger('change');                // it may say something else now
  seek();
});
document.addEventListener('rushes-use-preset', event => { if (!picked(event.detail)) togglePreset(event.detail); });
server.cards({}).then(all => {
  window.rushes.models = all.models;
  stock(all);
  const groups = Object.entries(all.groups);
  $('.groups').replaceChildren(...groups.map(([name, categories]) => name === 'more' ? more(categories) : group(name, categories)));
  seek();
});
