"use strict";

// Whole cells rarely fill the page: what is left of it takes the terminal's ground, which another theme changes.
function wear(viewport) {
  const paint = () => { document.body.style.backgroundColor = viewport.style.backgroundColor; };
  new MutationObserver(paint).observe(viewport, { attributeFilter: ["style"] });
  paint();
}

// textual.js opens the terminal when the page has loaded, at the address and size of letters written on its element.
// It measures the letters then, so the font must be there.
{
  const open = window.onload;
  window.onload = async (event) => {
    const here = new URL(window.location.href);
    const size = Number(here.searchParams.get("fontsize")) || 16;
    const terminal = document.getElementById("terminal");
    terminal.dataset.fontSize = String(Math.min(Math.max(size, 6), 60));
    terminal.dataset.sessionWebsocketUrl = here.origin.replace(/^http/, "ws") + here.pathname + "ws";
    document.getElementById("again").addEventListener("click", () => window.location.reload());
    await document.fonts.load("16px 'Roboto Mono'");
    new MutationObserver((_, observer) => {
      if (terminal.classList.contains("-connected")) {
        observer.disconnect();
        terminal.querySelector("textarea").focus();  // keys work without a click
        wear(terminal.querySelector(".xterm-viewport"));
      }
    }).observe(terminal, { attributeFilter: ["class"] });
    open(event);
  };
}
