// The bar: language and theme by hand. The desk writes the status.
const { translate, language, keep } = window.rushes;
translate(element);
const root = document.documentElement, other = element.querySelector('.language');
other.textContent = language === 'zh' ? 'EN' : '中';
other.lang = language === 'zh' ? 'en' : 'zh-CN';
other.addEventListener('click', () => { keep('rushes-language', language === 'zh' ? 'en' : 'zh'); location.reload(); });
element.querySelector('.theme').addEventListener('click', () => {
  root.dataset.theme = root.dataset.theme === 'light' ? 'dark' : 'light';
  keep('rushes-theme', root.dataset.theme);
});
