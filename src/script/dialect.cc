#include "script/dialect.h"

#include <algorithm>
#include <vector>

namespace sluice::script {
namespace {

using base::ByteView;

constexpr char kBytecodeMark = '\x1b';
constexpr ByteView kArgTable = " local arg={n=select('#',...),...} ";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
// Bytes above 127 as LuaJIT's own reader takes them.
bool is_name(char c) {
  return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
}

// One change to the text: at `at`, leave out `erase` bytes and put `insert` there.
struct Change {
  size_t at;
  size_t erase;
  ByteView insert;
};

class Scanner {
 public:
  Scanner(ByteView text, ChunkKind kind) : text_(text), kind_(kind) {}

  bool scan();  // False: failure() says why.
  void apply(std::string& out);
  [[nodiscard]] bool unchanged() const { return changes_.empty() && (parameters_.empty() || !names_arg_); }
  [[nodiscard]] const DialectFailure& failure() const { return failure_; }

 private:
  [[nodiscard]] char at(size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  // The level of a long bracket that opens at `i`, or -1.
  [[nodiscard]] int bracket_level(size_t i) const;
  void skip_long(size_t i, int level);
  void skip_quoted();
  void skip_comment();
  void read_name();
  bool read_number();
  void note_symbol(char c);
  void note_parameters(char c);
  void note_word(ByteView word);
  void end_return();

  // Where we are within `function name ( a, b, ... )`.
  enum class Header { kNone, kName, kParameters };

  ByteView text_;
  size_t position_ = 0;
  Header header_ = Header::kNone;
  bool vararg_ = false;
  bool names_arg_ = false;

  // Blocks that are open, outermost first: is it a function's?
  std::vector<bool> blocks_;
  size_t functions_ = 0;  // How many of them are.

  // The `return` of the script itself whose expressions we are in.
  struct Return {
    bool open = false;
    bool several = false;  // A comma was seen: it cannot be a tail call.
    size_t begin = 0;      // Just after the word.
    size_t last = 0;       // The end of what it returns so far; `begin` while there is nothing.
    size_t brackets = 0;   // Open ones, of any sort.
    size_t blocks = 0;     // blocks_.size() at the word.
  };
  Return return_;

  ChunkKind kind_;
  std::vector<Change> changes_;
  std::vector<size_t> parameters_;  // Ends of parameter lists with `...`, in order.
  DialectFailure failure_;
};

int Scanner::bracket_level(size_t i) const {
  if (at(i) != '[') return -1;
  size_t j = i + 1;
  while (at(j) == '=') ++j;
  return at(j) == '[' ? static_cast<int>(j - i - 1) : -1;
}

void Scanner::skip_long(size_t i, int level) {
  std::string close = "]" + std::string(static_cast<size_t>(level), '=') + "]";
  size_t end = text_.find(close, i);
  position_ = end == ByteView::npos ? text_.size() : end + close.size();
}

void Scanner::skip_comment() {
  int level = bracket_level(position_ + 2);
  if (level >= 0) return skip_long(position_ + 2, level);
  size_t end = text_.find('\n', position_);
  position_ = end == ByteView::npos ? text_.size() : end;
}

void Scanner::skip_quoted() {
  char quote = text_[position_++];
  while (position_ < text_.size()) {
    char c = text_[position_];
    if (c == '\\') {
      char escape = at(position_ + 1);
      if (ByteView("abfnrtv\\\"'\n\r0123456789").find(escape) == ByteView::npos) {
        changes_.push_back({position_, 1, {}});
      }
      position_ += 2;
      continue;
    }
    ++position_;
    if (c == quote || c == '\n') return;  // A line end is an error that the compiler will report.
  }
}

void Scanner::read_name() {
  size_t begin = position_;
  while (is_name(at(position_)) && position_ < text_.size()) ++position_;
  note_word(text_.substr(begin, position_ - begin));
}

void Scanner::note_word(ByteView word) {
  bool closes = word == "end" || word == "until";
  if (return_.open && blocks_.size() == return_.blocks && (closes || word == "else" || word == "elseif")) {
    end_return();
  }
  if (word == "function") {
    header_ = Header::kName;
    blocks_.push_back(true);
    ++functions_;
  } else if (word == "if" || word == "do" || word == "repeat") {
    blocks_.push_back(false);
  } else if (closes && !blocks_.empty()) {
    if (blocks_.back()) --functions_;
    blocks_.pop_back();
  } else if (word == "return" && functions_ == 0 && kind_ == ChunkKind::kScript) {
    return_ = {true, false, position_, position_, 0, blocks_.size()};
    return;
  } else if (word == "arg") {
    names_arg_ = true;
  }
  if (return_.open) return_.last = position_;
}

// The statement has ended. A single expression is put in brackets, from the end of the word to its own end.
void Scanner::end_return() {
  return_.open = false;
  if (return_.several || return_.brackets != 0 || return_.last == return_.begin) return;
  changes_.push_back({return_.begin, 0, " ("});
  changes_.push_back({return_.last, 0, ") "});
}

// The rule of Lua 5.1: digits and dots, an exponent, then letters and digits.
bool Scanner::read_number() {
  size_t begin = position_;
  while (is_digit(at(position_)) || at(position_) == '.') ++position_;
  if ((at(position_) | 0x20) == 'e') {
    ++position_;
    if (at(position_) == '+' || at(position_) == '-') ++position_;
  }
  while (is_name(at(position_)) && position_ < text_.size()) ++position_;
  ByteView number = text_.substr(begin, position_ - begin);
  if (at(position_) == '.') changes_.push_back({position_, 0, " "});
  if (return_.open) return_.last = position_;

  char last = static_cast<char>(number.back() | 0x20);
  bool binary = number.size() > 1 && number[0] == '0' && (number[1] | 0x20) == 'b';
  bool cdata = last == 'l' || last == 'i';
  if (!binary && !cdata) return true;
  size_t line = 1;
  for (char c : text_.substr(0, begin)) line += c == '\n' ? 1 : 0;
  failure_ = {DialectError::kMalformedNumber, line, std::string(number)};
  return false;
}

void Scanner::note_parameters(char c) {
  if (header_ == Header::kName && c == '(') {
    header_ = Header::kParameters;
    vararg_ = false;
  } else if (header_ == Header::kParameters && c == '.') {
    vararg_ = true;
  } else if (header_ == Header::kParameters && c == ')') {
    if (vararg_) parameters_.push_back(position_ + 1);
    header_ = Header::kNone;
  }
}

void Scanner::note_symbol(char c) {
  note_parameters(c);
  if (!return_.open) return;
  bool blank = c == ' ' || (c >= '\t' && c <= '\r');
  if (blank) return;
  bool outside = return_.brackets == 0 && blocks_.size() == return_.blocks;
  if (c == ';' && outside) return end_return();
  if (c == ',' && outside) return_.several = true;
  if (c == '(' || c == '[' || c == '{') ++return_.brackets;
  if ((c == ')' || c == ']' || c == '}') && return_.brackets > 0) --return_.brackets;
  return_.last = position_ + 1;
}

bool Scanner::scan() {
  if (at(0) == kBytecodeMark) {
    failure_ = {DialectError::kUnexpectedSymbol, 1, "char(27)"};
    return false;
  }
  if (at(0) == '#') {  // LuaJIT would skip the line.
    failure_ = {DialectError::kUnexpectedSymbol, 1, "#"};
    return false;
  }
  while (position_ < text_.size()) {
    char c = text_[position_];
    if (c == '-' && at(position_ + 1) == '-') {
      skip_comment();
    } else if (c == '"' || c == '\'') {
      skip_quoted();
      if (return_.open) return_.last = position_;
    } else if (int level = bracket_level(position_); level >= 0) {
      skip_long(position_, level);
      if (return_.open) return_.last = position_;
    } else if (is_digit(c) || (c == '.' && is_digit(at(position_ + 1)))) {
      if (!read_number()) return false;
    } else if (is_name(c)) {
      read_name();
    } else {
      note_symbol(c);
      ++position_;
    }
  }
  if (return_.open) end_return();
  return true;
}

void Scanner::apply(std::string& out) {
  if (names_arg_) {
    for (size_t end : parameters_) changes_.push_back({end, 0, kArgTable});
  }
  std::stable_sort(changes_.begin(), changes_.end(),
                   [](const Change& left, const Change& right) { return left.at < right.at; });
  out.clear();
  size_t copied = 0;
  for (const Change& change : changes_) {
    out.append(text_.substr(copied, change.at - copied));
    out.append(change.insert);
    copied = change.at + change.erase;
  }
  out.append(text_.substr(copied));
}

}  // namespace

base::Result<ByteView, DialectFailure> to_lua51(ByteView source, ChunkKind kind, std::string& out) {
  Scanner scanner(source, kind);
  if (!scanner.scan()) return scanner.failure();
  if (scanner.unchanged()) return source;
  scanner.apply(out);
  return ByteView(out);
}

}  // namespace sluice::script
