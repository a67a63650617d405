// The shelf: posters page by page, what they are filtered by, and what is done to many of them.
const PAGE = 60;
const shelf = $('.shelf'), bar = $('.chosen');
const nodes = new Map();          // clip id → {li, clip, drawn: the clip as it is drawn}
const chosen = new Set();         // ids, in the order they were chosen
let trash = false, picking = false, turn = 0, clips = [], total = 0, anchor = null, at = null, seen = null, latest = null, loading = false;

function frame(id) {
  const li = make('li'), button = make('button', 'poster'), image = make('img'), marks = make('span', 'marks');
  button.type = 'button'; button.tabIndex = -1; li.dataset.id = id;
  image.alt = ''; image.loading = 'lazy'; image.decoding = 'async';
  image.addEventListener('error', () => { li.dataset.broken = 'true'; });
  marks.append(make('span', 'kind'), make('span', 'starmark'));
  button.append(image, marks, make('span', 'name'), make('span', 'length'));
  li.append(button, make('span', 'pick'));
  // The clip itself plays while the pointer rests on its poster.
  let moving = null;
  li.addEventListener('pointerenter', event => {
    const { clip } = nodes.get(id);
    if (event.pointerType !== 'mouse' || clip.frames < 2) return;
    moving = make('video'); moving.muted = moving.loop = moving.playsInline = true; moving.src = address(clip.file);
    image.after(moving); moving.play().catch(() => {});
  });
  li.addEventListener('pointerleave', () => { if (moving) { moving.removeAttribute('src'); moving.load(); moving.remove(); moving = null; } });
  button.addEventListener('focus', () => stand(id));
  return li;
}
function draw(li, clip) {
  const find = selector => li.querySelector(selector), name = clip.name || say('untitled'), kind = say('kind_' + clip.kind);
  const image = find('img'), source = address(clip.poster);
  if (image.getAttribute('src') !== source) { delete li.dataset.broken; image.src = source; }
  li.dataset.kind = clip.kind; li.dataset.tall = String(clip.width < 1.2 * clip.height);
  find('.kind').textContent = kind;
  find('.starmark').textContent = '★'.repeat(clip.stars);
  find('.name').textContent = name;
  find('.length').textContent = clip.frames > 1 ? clip.seconds.toFixed(1) + ' s' : say('one_frame');
  const words = [kind, name];
  if (clip.stars) words.push(say('stars_give', { n: clip.stars }));
  find('.poster').setAttribute('aria-label', words.join(', '));
}
// Only one poster is on the way of the Tab key; arrows lead to the others.
function stand(id) {
  const was = nodes.get(at), now = nodes.get(id);
  if (was) was.li.firstChild.tabIndex = -1;
  if (now) now.li.firstChild.tabIndex = 0;
  at = now ? id : null;
}
function paintShelf() {
  const wanted = new Set(clips.map(clip => clip.id));
  for (const [id, { li }] of nodes) if (!wanted.has(id)) { li.remove(); nodes.delete(id); chosen.delete(id); }
  clips.forEach((clip, place) => {
    const drawn = JSON.stringify(clip);
    if (!nodes.has(clip.id)) nodes.set(clip.id, { li: frame(clip.id) });
    const node = nodes.get(clip.id);
    node.clip = clip;
    if (node.drawn !== drawn) { draw(node.li, clip); node.drawn = drawn; }
    if (shelf.children[place] !== node.li) shelf.insertBefore(node.li, shelf.children[place] || null);
  });
  if (!nodes.has(at)) stand(clips.length ? clips[0].id : null);
  paintChosen();
}

// -- what is looked for

const menus = [...element.querySelectorAll('.narrow select')], menu = name => $('[data-by=' + name + ']');
function filters() {
  const asked = Object.fromEntries(menus.map(each => [each.dataset.by, each.value]));
  asked.stars = asked.stars === '' ? null : Number(asked.stars);
  if (asked.days) asked.since = new Date().setHours(0, 0, 0, 0) / 1000 - (asked.days - 1) * 86400;
  return asked;
}
const filtered = () => menus.some(each => each.value);
function nothing() {
  const words = $('.search').value.trim(), used = menus.filter(each => each.value);
  if (words) return [say('search_empty', { words }), ''];
  if (used.length === 1 && used[0] === menu('stars') && used[0].value !== '0') return [say('starred_empty'), ''];
  if (used.length) return [say('filter_empty'), ''];
  return trash ? [say('trash_empty'), ''] : [say('library_empty'), say('library_empty_hint')];
}
// from: how many of those shown stay. upTo: how many to have in the end.
async function browse(from = 0, upTo = PAGE) {
  const asked = ++turn, found = clips.slice(0, from);
  let all = 0, got = 0;
  do {
    const told = await ask(server.browse, { words: $('.search').value, trash, filters: filters(), offset: found.length, count: upTo - found.length });
    if (asked !== turn || !told || told.problem) return;
    found.push(...told.clips); all = told.total; got = told.clips.length;
  } while (got && found.length < Math.min(upTo, all));
  // A clip that was added meanwhile moves the others along, and one of them comes twice.
  clips = [...new Map(found.map(clip => [clip.id, clip])).values()]; total = all;
  paintShelf();
  $('.total').textContent = total === 1 ? say('count_one') : say('count_many', { n: total.toLocaleString(language) });
  const [title, hint] = nothing();
  $('.none').hidden = clips.length > 0;
  $('.none b').textContent = title; $('.none p').textContent = hint;
  element.querySelectorAll('.clear').forEach(button => { button.hidden = !filtered(); });
  $('.morebutton').hidden = clips.length >= total;
  seen = latest;
}
const refresh = () => browse(0, Math.max(PAGE, clips.length));
async function more() {
  if (loading || clips.length >= total) return;
  loading = true;
  await browse(clips.length, clips.length + PAGE);
  loading = false;
}
async function offer() {
  const told = await ask(server.choices, { trash });
  if (!told || told.problem) return;
  for (const name of ['model', 'preset', 'tag']) {
    const box = menu(name), value = box.value, options = told[name].map(([id, words, n]) => [id, pick(words) + ' · ' + n]);
    if (value && !options.some(([id]) => id === value)) options.push([value, value]);
    box.replaceChildren(box.firstElementChild, ...options.map(([id, text]) => new Option(text, id)));
    box.value = value;
    box.disabled = options.length === 0;
  }
  $('#library-tags').replaceChildren(...told.tag.map(([tag]) => new Option('', tag)));
}
function narrow() {
  menus.forEach(each => { each.dataset.used = String(Boolean(each.value)); });
  browse();
}
function place(now) {
  trash = now === 'trash';
  element.querySelectorAll('[data-place]').forEach(each => each.setAttribute('aria-pressed', String(each.dataset.place === now)));
  clips = [];                                        // not for a moment those of the other place
  paintShelf();
  browse(); offer();
}
function clear() { menus.forEach(each => { each.value = ''; }); narrow(); }
menu('stars').append(new Option(say('starred'), 1), ...[2, 3, 4].map(n => new Option(say('stars_least', { n }), n)), new Option(say('stars_most'), MOST_STARS), new Option(say('stars_none'), 0));
menus.forEach(each => each.addEventListener('change', narrow));
element.querySelectorAll('.clear').forEach(button => button.addEventListener('click', clear));
element.querySelectorAll('[data-place]').forEach(button => button.addEventListener('click', () => place(button.dataset.place)));
let typing = 0;
$('.search').addEventListener('input', () => { clearTimeout(typing); typing = setTimeout(() => browse(), 120); });
$('.morebutton').addEventListener('click', more);
new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) more(); }, { rootMargin: '600px' }).observe($('.morebutton'));

// -- many at once

function paintChosen() {
  for (const [id, { li }] of nodes) {
    li.dataset.chosen = String(chosen.has(id));
    if (picking || chosen.size) li.firstChild.setAttribute('aria-pressed', String(chosen.has(id))); else li.firstChild.removeAttribute('aria-pressed');
  }
  const those = [...chosen].map(id => nodes.get(id).clip), stars = new Set(those.map(clip => clip.stars)), tags = new Map();
  those.forEach(clip => clip.tags.forEach(tag => tags.set(tag, (tags.get(tag) || 0) + 1)));
  shelf.dataset.picking = String(picking || chosen.size > 0);
  $('.picking').setAttribute('aria-pressed', String(picking));
  $('.picking').textContent = say(picking ? 'select_done' : 'select');
  bar.hidden = chosen.size === 0;
  if (bar.hidden) openTags(false);
  $('.howmany').textContent = say('chosen', { n: chosen.size });
  shine(bar.querySelector('.stars'), stars.size === 1 ? those[0].stars : 0);
  $('.versus').disabled = chosen.size !== 2;
  $('.versus').title = chosen.size === 2 ? '' : say('compare_two');
  for (const name of ['trash', 'restore', 'erase']) $('[data-many=' + name + ']').hidden = (name === 'trash') === trash;
  $('.everyone').hidden = chosen.size === clips.length;
  tagRow($('.tagbox .tagrow'), [...tags], { remove: tag => mark('tag', [...chosen], { remove: [tag] }) });
}
function choose(ids) { chosen.clear(); ids.forEach(id => chosen.add(id)); paintChosen(); }
function toggle(id) {
  if (!chosen.delete(id)) chosen.add(id);
  anchor = id;
  paintChosen();
}
function reach(id) {
  const order = clips.map(clip => clip.id), ends = [order.indexOf(anchor), order.indexOf(id)];
  if (ends[0] < 0) return toggle(id);
  order.slice(Math.min(...ends), Math.max(...ends) + 1).forEach(each => chosen.add(each));
  paintChosen();
}
function openTags(open) {
  $('.tagbox').hidden = !open;
  $('.tagging').setAttribute('aria-expanded', String(open));
  if (open) $('.tagbox input').focus();
}
async function mark(name, ids, asked = {}) {
  const told = await ask(server.mark, { name, ids, ...asked });
  await Promise.all([refresh(), offer()]);
  return told && told.done ? told.done : [];
}
// What is thrown away leaves a gap; the poster that moves into it is next.
async function gone(name, ids) {
  const gap = clips.findIndex(clip => ids.includes(clip.id)), inside = shelf.contains(document.activeElement);
  const done = await mark(name, ids);
  if (inside && clips.length) reachFor(Math.min(gap, clips.length - 1));
  return done;
}
const many = {
  async trash(ids) {
    const done = await gone('trash', ids);
    if (done.length) toast(done.length === 1 ? say('trashed') : say('trashed_many', { n: done.length }), { action: say('undo'), run: () => many.restore(done) });
  },
  async restore(ids) {
    const done = await gone('restore', ids);
    if (done.length) toast(done.length === 1 ? say('restored') : say('restored_many', { n: done.length }));
  },
  erase(ids) {
    const question = $('.question');
    question.querySelector('h2').textContent = ids.length === 1 ? say('erase_one') : say('erase_many', { n: ids.length });
    question.onclose = async () => {
      if (question.returnValue !== 'yes') return;
      const done = await gone('erase', ids);
      if (done.length) toast(say('erased'));
    };
    question.returnValue = 'no';
    question.showModal();
  },
};
starRow(bar.querySelector('.stars'), stars => mark('star', [...chosen], { stars }));
onNewTags($('.newtag'), async add => (await mark('tag', [...chosen], { add })).length);
bar.addEventListener('click', event => {
  const button = event.target.closest('[data-many]');
  if (button) many[button.dataset.many]([...chosen]);
});
$('.tagging').addEventListener('click', () => openTags($('.tagbox').hidden));
$('.versus').addEventListener('click', () => { const [a, b] = chosen; tell('compare', { a, b }); });
$('.everyone').addEventListener('click', () => choose(clips.map(clip => clip.id)));
$('.nobody').addEventListener('click', () => choose([]));
$('.picking').addEventListener('click', () => { picking = !picking; choose([]); });
shelf.addEventListener('click', event => {
  const li = event.target.closest('li');
  if (!li) return;
  const { id } = li.dataset;
  if (event.shiftKey) reach(id);
  else if (event.ctrlKey || event.metaKey || picking || chosen.size || event.target.closest('.pick')) toggle(id);
  else { anchor = id; tell('clip', id); }
});

// -- the keyboard

function reachFor(place) {
  const clip = clips[place];
  if (!clip) return;
  nodes.get(clip.id).li.firstChild.focus();
  nodes.get(clip.id).li.scrollIntoView({ block: 'nearest' });
  if (place >= clips.length - 12) more();
}
function columns() {
  const tops = [...shelf.children].map(li => li.offsetTop), second = tops.findIndex(top => top !== tops[0]);
  return second < 0 ? tops.length : second;
}
const steps = { ArrowRight: () => 1, ArrowLeft: () => -1, ArrowDown: columns, ArrowUp: () => -columns() };
function key(event) {
  const here = clips.findIndex(clip => clip.id === at), inside = shelf.contains(event.target);
  const step = steps[event.key], ids = chosen.size ? [...chosen] : inside && at ? [at] : [];
  if (step) return clips[inside ? here + step() : here] ? reachFor(inside ? here + step() : here) || true : false;
  if (event.key === 'a' && (event.ctrlKey || event.metaKey)) return choose(clips.map(clip => clip.id)) || true;
  if (event.ctrlKey || event.metaKey || event.altKey || !ids.length) return false;
  if (event.key === 'Escape' && chosen.size) return choose([]) || true;
  if (event.key === 'x' && inside) return toggle(at) || true;
  if (event.key === 'Delete') return many[trash ? 'erase' : 'trash'](ids) || true;
  const starred = nodes.get(ids[0]).clip.stars;
  if (event.key === 's') return mark('star', ids, { stars: starred ? 0 : 1 });
  if (/^[0-5]$/.test(event.key)) return mark('star', ids, { stars: Number(event.key) });
  return false;
}
document.addEventListener('keydown', event => {
  if (!element.offsetParent || document.querySelector('dialog[open]')) return;
  if (event.target !== document.body && !element.contains(event.target)) return;
  if (event.target.closest('input, select, .tagbox')) return;
  if (key(event)) event.preventDefault();
});

// -- a video of another program

// What was typed stays until the video is here.
const bring = $('dialog.bring'), form = bring.querySelector('form'), press = bring.querySelector('[type=submit]');
$('.bringing').addEventListener('click', () => bring.showModal());
bring.querySelector('.shut').addEventListener('click', () => bring.close());
form.addEventListener('submit', async event => {
  event.preventDefault();
  const file = bring.querySelector('input').files[0], words = bring.querySelector('textarea').value;
  press.disabled = true;
  toast(say('working'));
  let told = null;
  try {
    const { path } = await upload(file);
    told = await ask(server.bring, { path, words });
  } catch { toast(say('upload_failed'), { bad: true }); }
  press.disabled = false;
  if (!told || !told.clip) return;
  form.reset(); bring.close();
  refresh(); tell('clip', told.clip);
});

// -- the other parts of the page

hear('reuse', asked => trigger('reuse', asked));
hear('throw', ({ name, id }) => many[name]([id]));
hear('marked', () => { refresh(); offer(); });
hear('tag', tag => {
  if (![...menu('tag').options].some(option => option.value === tag)) menu('tag').append(new Option(tag, tag));
  menu('tag').value = tag;
  narrow();
});
hear('step', async ({ id, by }) => {
  const place = clips.findIndex(clip => clip.id === id) + by;
  if (place >= clips.length) await more();
  if (clips[place]) { reachFor(place); tell('clip', clips[place].id); }
});
// The desk tells when a clip changed; the shelf follows while it is seen.
const follow = () => { if (latest !== seen && element.offsetParent) { seen = latest; refresh(); offer(); } };
hear('library', revision => { latest = revision; follow(); });
new IntersectionObserver(async entries => {
  if (!entries.some(entry => entry.isIntersecting)) return;
  seen = null; latest = latest || ''; follow();
  const told = await ask(server.follow);             // files may have moved while nobody looked
  if (told && told.changed) { refresh(); offer(); }
}).observe($('.tools'));
