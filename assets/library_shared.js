// What the parts of the Library page share besides: stars and tags.
const MOST_STARS = 5;

// Stars to press; the last one that shines takes them all away.
function starRow(box, give) {
  for (let n = 1; n <= MOST_STARS; n += 1) {
    const button = make('button', 'rate', '★');
    button.type = 'button';
    button.setAttribute('aria-label', say('stars_give', { n })); button.title = say('stars_give', { n });
    button.addEventListener('click', () => give(Number(box.dataset.stars) === n ? 0 : n));
    box.append(button);
  }
}
function shine(box, stars) {
  box.dataset.stars = stars;
  [...box.children].forEach((button, place) => button.setAttribute('aria-pressed', String(place < stars)));
}
// tags: [text, how many clips have it or nothing]. show: what a press on its name does, if anything.
function tagRow(box, tags, { remove, show }) {
  box.replaceChildren(...tags.map(([tag, clips]) => {
    const chip = make('span', 'label'), drop = make('button', 'drop', '×'), name = make(show ? 'button' : 'span', 'called', clips ? tag + ' · ' + clips : tag);
    drop.type = 'button'; drop.setAttribute('aria-label', say('tag_remove', { tag })); drop.title = say('tag_remove', { tag });
    drop.addEventListener('click', () => remove(tag));
    if (show) { name.type = 'button'; name.title = say('tag_show', { tag }); name.addEventListener('click', () => show(tag)); }
    chip.append(name, drop);
    return chip;
  }));
}
// Several tags may be typed at once, with commas between them. add gives whether they were taken; those that were not
// come back, to be mended.
function onNewTags(form, add) {
  form.querySelector('input').placeholder = say('tag_add');
  form.addEventListener('submit', async event => {
    event.preventDefault();
    const input = form.querySelector('input'), typed = input.value, tags = typed.split(/[,，、;；]/).map(tag => tag.trim()).filter(Boolean);
    input.value = '';
    if (tags.length && !await add(tags) && !input.value) input.value = typed;
  });
}
const lasts = clip => clip.frames > 1 ? say('frames_line', { ...clip, seconds: clip.seconds.toFixed(2) }) : say('one_frame');
