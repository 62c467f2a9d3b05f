#include <string>
#include <vector>

#include "server/startup.h"

int main(int argc, char** argv) {
  return sluice::server::run_program(std::vector<std::string>(argv, argv + argc));
}
