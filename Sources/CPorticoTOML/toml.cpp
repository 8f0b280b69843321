#include "CPorticoTOML.h"

#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

// toml++ asserts what some invalid texts break (`[}`), and with NDEBUG even lets the
// compiler assume it. Here a broken promise is a fault like any other.
struct broken_promise {};
[[noreturn]] inline void break_promise() { throw broken_promise{}; }
#undef NDEBUG
#define TOML_ASSERT(promise) ((promise) ? void() : break_promise())
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

// The tree stays alive beside its list, since the nodes point at its strings.
struct px_toml {
  toml::table root;
  std::vector<px_toml_node> nodes;
  std::string fault;
  uint32_t line = 0, column = 0;
};

namespace {

// Nobody writes settings this deep by hand; the bound keeps the recursion off the stack's end.
constexpr int deepest = 64;

struct too_deep {
  toml::source_position at;
};

// A dotted key makes a table for each dot, and the parser frees nested tables by recursion: a line
// of a hundred thousand dots would end the process. No key has a thousand.
bool has_endless_key(std::string_view text, uint32_t &line) {
  int dots = 0;
  line = 1;
  for (char byte : text) {
    if (byte == '.') {
      if (++dots > 1000) return true;
    } else if (byte == '\n' || byte == '=' || byte == ',' || byte == '{' || byte == '[') {
      dots = 0;
      line += byte == '\n';
    }
  }
  return false;
}

// The line at which the parser broke off: the end of the shortest text that breaks it too. It reads
// from left to right, so that every longer one does.
uint32_t breaking_line(std::string_view text) {
  std::vector<size_t> ends;
  for (size_t at = 0; at < text.size(); ++at)
    if (text[at] == '\n' || at + 1 == text.size()) ends.push_back(at + 1);
  size_t lower = 0, upper = ends.size() - 1;
  while (lower < upper) {
    const size_t middle = (lower + upper) / 2;
    try {
      (void)toml::parse(text.substr(0, ends[middle]));
      lower = middle + 1;
    } catch (const broken_promise &) {
      upper = middle;
    } catch (const toml::parse_error &) {
      lower = middle + 1;
    }
  }
  return static_cast<uint32_t>(lower + 1);
}

void flatten(px_toml &to, const toml::node &node, const toml::key *key, int depth) {
  if (depth > deepest) throw too_deep{node.source().begin};
  px_toml_node made{};
  if (key) {
    made.key = key->data();
    made.key_length = key->length();
    made.key_line = key->source().begin.line;
    made.key_column = key->source().begin.column;
  }
  made.line = node.source().begin.line;
  made.column = node.source().begin.column;

  if (const auto *table = node.as_table()) {
    made.kind = PX_TOML_TABLE;
    made.children = table->size();
    to.nodes.push_back(made);
    for (auto &&[name, value] : *table) flatten(to, value, &name, depth + 1);
    return;
  }
  if (const auto *array = node.as_array()) {
    made.kind = PX_TOML_ARRAY;
    made.children = array->size();
    to.nodes.push_back(made);
    for (auto &&value : *array) flatten(to, value, nullptr, depth + 1);
    return;
  }
  if (const auto *text = node.as_string()) {
    made.kind = PX_TOML_STRING;
    made.text = text->get().data();
    made.text_length = text->get().size();
  } else if (const auto *integer = node.as_integer()) {
    made.kind = PX_TOML_INTEGER;
    made.integer = integer->get();
  } else if (const auto *number = node.as_floating_point()) {
    made.kind = PX_TOML_FLOAT;
    made.number = number->get();
  } else if (const auto *boolean = node.as_boolean()) {
    made.kind = PX_TOML_BOOLEAN;
    made.integer = boolean->get();
  } else {
    made.kind = PX_TOML_TIME;
  }
  to.nodes.push_back(made);
}

} // namespace

// No exception crosses: this entry point catches what the parser throws, the others cannot throw.
extern "C" px_toml *px_toml_parse(const char *text, size_t length) try {
  auto *made = new px_toml;
  try {
    uint32_t line;
    if (has_endless_key({text, length}, line)) throw too_deep{{line, 1}};
    made->root = toml::parse(std::string_view(text, length));
    flatten(*made, made->root, nullptr, 0);
    return made;
  } catch (const toml::parse_error &error) {
    made->fault = error.description();
    made->line = error.source().begin.line;
    made->column = error.source().begin.column;
  } catch (const broken_promise &) {
    made->fault = "A key is missing, or something stands where a key should";
    made->line = breaking_line({text, length});
    made->column = 1;
  } catch (const too_deep &error) {
    made->fault = "Tables and arrays are nested too deeply";
    made->line = error.at.line;
    made->column = error.at.column;
  } catch (const std::exception &error) {
    made->fault = error.what();
  } catch (...) {
    made->fault = "The parser failed";
  }
  if (made->fault.empty()) made->fault = "The parser failed";
  made->nodes.clear();
  return made;
} catch (...) {
  return nullptr;
}

extern "C" void px_toml_free(px_toml *document) { delete document; }

extern "C" const char *px_toml_fault(
    const px_toml *document, uint32_t *line, uint32_t *column) {
  if (document->fault.empty()) return nullptr;
  *line = document->line;
  *column = document->column;
  return document->fault.c_str();
}

extern "C" const px_toml_node *px_toml_nodes(const px_toml *document, size_t *count) {
  *count = document->nodes.size();
  return document->nodes.empty() ? nullptr : document->nodes.data();
}
