"""The portal in Chromium, as a class sees it: by mouse, by keyboard, on a phone, in trouble."""

from __future__ import annotations

import pytest

from tests.web.looking import FAINT, FOCUSED, PREFIX, SMALL, WIDE, click, told_place
from tests.web.support import stored
from tools import look

pytestmark = [pytest.mark.soak, pytest.mark.timeout(300)]
PHONE = {"width": 375, "height": 667}


def test_each_click_is_confirmed_and_read_back(page, lab):
    told = {
        "login": click(page, "login", "Iniciar sesión"),
        "tarea": click(page, "tarea", "Entregar tarea"),
    }
    page.locator("#calificacion fieldset:not(:disabled)").wait_for()
    page.locator("#calificacion option").filter(has_text="E100000").first.wait_for(state="attached")
    page.locator("#grade").fill("3.2")
    assert page.locator("#graded").inner_text() == "3,2"
    told["calificacion"] = click(page, "calificacion", "Publicar calificación")
    told["error"] = click(page, "error", "Provocar error")
    told["logout"] = click(page, "logout", "Cerrar sesión")
    found = stored(lab.kafka, PREFIX)
    for kind, text in told.items():
        value = found[told_place(text)][1]
        assert value["type"] == kind
        assert value["student_id"] == "E100000"
    assert found[told_place(told["calificacion"])][1]["grade"] == 3.2
    page.locator(".rows li").filter(has=page.locator(".mine")).nth(4).wait_for()
    page.locator(".rows summary").first.click()
    assert '"event_id"' in page.locator(".rows pre").first.inner_text()


def test_a_name_with_markup_is_text(page, lab):
    page.get_by_label("Estudiante").select_option("otra")
    page.get_by_role("button", name="Iniciar sesión", exact=True).click()
    page.get_by_text("Escribe tu nombre.").wait_for()
    page.get_by_label("Tu nombre").fill("<img src=x onerror=alert(1)> Zoë")
    place = told_place(click(page, "login", "Iniciar sesión"))
    assert stored(lab.kafka, PREFIX)[place][1]["name"] == "<img src=x onerror=alert(1)> Zoë"
    page.locator(".rows .what").filter(has_text="<img src=x").first.wait_for()
    assert page.locator("main img").count() == 0
    click(page, "logout", "Cerrar sesión")


def test_the_stream_moves_and_pauses(page):
    page.get_by_role("switch", name="Tráfico de fondo").click()
    page.locator(".rows li").nth(20).wait_for()
    page.get_by_role("button", name="Pausar").click()
    page.get_by_text("registros nuevos esperan").wait_for()
    page.get_by_role("switch", name="Tráfico de fondo").click()
    page.locator("#background[aria-checked=false]").wait_for()
    page.get_by_role("button", name="Pausar").click()
    page.get_by_text("registros nuevos esperan").wait_for(state="hidden")
    assert page.locator(".rows li").count() <= 40


def test_it_works_by_keyboard_alone(page, lab):
    def reach(what: str) -> dict:
        for _ in range(80):
            page.keyboard.press("Tab")
            now = page.evaluate(FOCUSED)
            assert now["seen"], f"the focus is not to be seen: {now}"
            if what in (now["name"], now["id"]):
                return now
        raise AssertionError(f"{what} cannot be reached")

    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["name"] == "Saltar a los registros en vivo"
    reach("Iniciar sesión")
    page.keyboard.press("Enter")
    page.locator("#logout .result.good").wait_for()
    assert page.evaluate(FOCUSED)["name"] == "Cerrar sesión", "the focus is not lost"
    reach("kind")
    page.keyboard.press("ArrowRight")
    reach("Entregar tarea")
    page.keyboard.press("Space")
    page.locator("#tarea .result.good").wait_for()
    place = told_place(page.locator("#tarea .result").inner_text())
    assert stored(lab.kafka, PREFIX)[place][1]["title"].startswith("Cuestionario")
    reach("grade")
    page.keyboard.press("Home")
    reach("Publicar calificación")
    page.keyboard.press("Enter")
    page.locator("#calificacion .result.good").wait_for()
    reach("Provocar error")
    page.keyboard.press("Enter")
    page.locator("#error .result.good").wait_for()
    page.locator("#logout button").focus()
    page.keyboard.press("Enter")
    page.locator("#login .result.good").wait_for()
    assert page.evaluate(FOCUSED)["name"] == "Iniciar sesión"


def test_a_screen_reader_finds_its_way(page):
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    nodes = [
        (n["role"]["value"], n.get("name", {}).get("value", "")) for n in tree if not n["ignored"]
    ]
    for role, name in [
        ("banner", ""),
        ("main", ""),
        ("contentinfo", ""),
        ("heading", "Portal del estudiante"),
        ("region", "¿Qué pasa en el campus?"),
        ("region", "En vivo desde Kafka"),
        ("link", "Saltar a los registros en vivo"),
        ("switch", "Tráfico de fondo"),
        ("list", "Registros, el último primero"),
    ]:
        assert [n for r, n in nodes if r == role and n.startswith(name)], (role, name)
    assert [r for r, _ in nodes].count("main") == 1
    controls = {"button", "combobox", "textbox", "slider", "radio", "switch", "checkbox"}
    assert [node for node in nodes if node[0] in controls and not node[1]] == []
    assert page.evaluate("document.documentElement.lang") == "es"
    assert page.locator("h1").count() == 1
    assert page.locator("#error .result").get_attribute("role") == "status"
    assert page.locator("#alert").get_attribute("role") == "alert"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_enough(page, scheme):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    click(page, "error", "Provocar error")
    click(page, "login", "Iniciar sesión")
    assert page.evaluate(FAINT) == []
    look.OUT.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=look.OUT / f"web-{scheme}.png")
    click(page, "logout", "Cerrar sesión")


def test_it_fits_a_phone(page):
    click(page, "error", "Provocar error")
    for width in (375, 320):
        page.set_viewport_size({**PHONE, "width": width})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert (page.evaluate(WIDE), page.evaluate(SMALL)) == (0, 0)
    page.set_viewport_size(PHONE)
    look.OUT.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=look.OUT / "web-phone.png", full_page=True)
